#include "nn/fast_conv.h"

#include <torch/torch.h>

#include "nn/winograd.h"
#include "tensor/compat.h"

namespace seglab {
namespace {

thread_local bool winograd_is_on = false;

/// The padding of a convolution padded with as many zeros on all sides; else -1.
int64_t EvenPadding(const torch::nn::Conv2dOptions& options) {
  // get_if of std or of c10, as the releases have it: looked up by its argument.
  const auto* padding = get_if<torch::ExpandingArray<2>>(&options.padding());
  const bool zeros = get_if<torch::enumtype::kZeros>(&options.padding_mode()) != nullptr;
  if (padding == nullptr || !zeros || (*padding)->at(0) != (*padding)->at(1)) return -1;
  return (*padding)->at(0);
}

}  // namespace

WinogradScope::WinogradScope(bool on) : before_(winograd_is_on) { winograd_is_on = on || before_; }
WinogradScope::~WinogradScope() { winograd_is_on = before_; }
bool WinogradScope::IsOn() { return winograd_is_on; }

FastConv2dImpl::FastConv2dImpl(const torch::nn::Conv2dOptions& options)
    : Conv2dImpl(options), padding_(EvenPadding(options)) {}

at::Tensor FastConv2dImpl::forward(const at::Tensor& x) {
  const auto& stride = *options.stride();
  const auto& dilation = *options.dilation();
  const bool even = padding_ >= 0 && stride[0] == 1 && stride[1] == 1 && dilation[0] == dilation[1];
  const bool free = !at::GradMode::is_enabled() && !AutocastEnabled(at::kCPU);
  if (!WinogradScope::IsOn() || !even || !free || !WinogradFits(x, weight, 1, options.groups()) ||
      x.size(2) + 2 * padding_ <= 2 * dilation[0] || x.size(3) + 2 * padding_ <= 2 * dilation[0])
    return Conv2dImpl::forward(x);
  return WinogradConv(x, Points(), bias, padding_, dilation[0]);
}

const at::Tensor& FastConv2dImpl::Points() {
  const int64_t version = weight.is_inference() ? 0 : static_cast<int64_t>(weight._version());
  if (!points_.defined() || points_of_ != weight.data_ptr() || version_ != version) {
    points_ = WinogradWeights(weight);
    points_of_ = weight.data_ptr();
    version_ = version;
  }
  return points_;
}

}  // namespace seglab
