#include "nn/renet.h"

#include <torch/torch.h>

#include <cmath>
#include <tuple>

#include "nn/option_checks.h"
#include "tensor/compat.h"
#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

/// Orthogonal between states, Glorot's between input and gates, biases 0, as Theano's library that
/// ReSeg's authors used draws them.
void Draw(nn::GRU& gru) {
  const torch::NoGradGuard no_grad;
  for (auto& item : gru->named_parameters()) {
    at::Tensor& value = item.value();
    if (value.is_meta()) return;  // of shapes alone there is nothing to draw
    if (value.dim() == 1) {
      value.zero_();
      continue;
    }
    const bool between_states = item.key().find("_hh_") != std::string::npos;
    for (at::Tensor gate : value.chunk(3, 0)) {
      if (between_states) {
        nn::init::orthogonal_(gate);
      } else {
        nn::init::xavier_uniform_(gate);
      }
    }
  }
}

/// Both directions over the first dimension of (length, lines, channels).
at::Tensor Swept(nn::GRU& gru, const at::Tensor& lines) { return std::get<0>(gru->forward(lines)); }

}  // namespace

ReNetImpl::ReNetImpl(int64_t in, int64_t units) {
  CheckAtLeast("ReNet", "in", in, 1);
  CheckAtLeast("ReNet", "units", units, 1);
  vertical_ = register_module("vertical", nn::GRU(nn::GRUOptions(in, units).bidirectional(true)));
  horizontal_ =
      register_module("horizontal", nn::GRU(nn::GRUOptions(2 * units, units).bidirectional(true)));
  Draw(vertical_);
  Draw(horizontal_);
}

at::Tensor ReNetImpl::forward(const at::Tensor& x) {
  CheckShape(x, {-1, -1, -1, -1}, "renet");
  const int64_t images = x.size(0), height = x.size(2), width = x.size(3);
  // Sums over hundreds of cells: not in half precision.
  const AutocastPause pause(x.device().type());
  const at::Tensor wide = x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
  at::Tensor y = wide.permute({2, 0, 3, 1}).reshape({height, images * width, x.size(1)});
  y = Swept(vertical_, y).view({height, images, width, -1});
  y = y.permute({2, 1, 0, 3}).reshape({width, images * height, y.size(3)});
  y = Swept(horizontal_, y).view({width, images, height, -1});
  // As channels-last memory, which the convolutions behind it want.
  return y.permute({1, 2, 0, 3}).contiguous().permute({0, 3, 1, 2});
}

}  // namespace seglab
