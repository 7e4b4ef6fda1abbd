#include "nn/fast_conv.h"

#include <torch/torch.h>

#include "nn/layer_tap.h"
#include "nn/onednn.h"
#include "nn/stamp.h"
#include "nn/winograd.h"
#include "nn/winograd_training.h"
#include "tensor/compat.h"

namespace seglab {
namespace {

thread_local bool winograd_is_on = false;
thread_local bool fused_is_on = false;

/// The padding of a convolution padded with as many zeros on all sides; else -1.
int64_t EvenPadding(const torch::nn::Conv2dOptions& options) {
  // get_if of std or of c10, as the releases have it: looked up by its argument.
  const auto* padding = get_if<torch::ExpandingArray<2>>(&options.padding());
  const bool zeros = get_if<torch::enumtype::kZeros>(&options.padding_mode()) != nullptr;
  if (padding == nullptr || !zeros || (*padding)->at(0) != (*padding)->at(1)) return -1;
  return (*padding)->at(0);
}

at::Tensor Activate(at::Tensor x, Activation activation) {
  if (activation == Activation::kRelu) return x.relu_();
  if (activation == Activation::kRelu6) return x.clamp_(0, 6);
  return x;
}

}  // namespace

WinogradScope::WinogradScope(bool on) : FlagScope(winograd_is_on, on) {}
bool WinogradScope::IsOn() { return winograd_is_on; }

FusedScope::FusedScope(bool on) : FlagScope(fused_is_on, on) {}
bool FusedScope::IsOn() {
  return fused_is_on && !at::GradMode::is_enabled() && !LayerTap::Listens();
}

struct FastConv2dImpl::Ready {
  std::vector<Stamp> of;
  at::ScalarType type;
  bool winograd;
  bool finite;        // else the plain layers show what becomes of it: a fused ReLU makes NaN 0
  at::Tensor bias;    // float32, or undefined
  at::Tensor points;  // WinogradWeights
  std::unique_ptr<OneDnnConv> direct;
};

FastConv2dImpl::FastConv2dImpl(const torch::nn::Conv2dOptions& options)
    : Conv2dImpl(options), padding_(EvenPadding(options)) {}

FastConv2dImpl::~FastConv2dImpl() = default;

void FastConv2dImpl::train(bool on) {
  Conv2dImpl::train(on);
  if (on) ready_.reset();  // a second copy of the weights
}

bool FastConv2dImpl::WinogradDoes(const at::Tensor& x, int64_t padding) const {
  const auto& stride = *options.stride();
  const auto& dilation = *options.dilation();
  return WinogradScope::IsOn() && padding >= 0 && stride[0] == 1 && stride[1] == 1 &&
         dilation[0] == dilation[1] && !AutocastEnabled(at::kCPU) &&
         WinogradFits(x, weight, 1, options.groups()) &&
         x.size(2) + 2 * padding > 2 * dilation[0] && x.size(3) + 2 * padding > 2 * dilation[0];
}

FastConv2dImpl::Ready& FastConv2dImpl::Get(BatchNorm2dImpl* norm, at::ScalarType type,
                                           bool winograd) {
  std::vector<Stamp> of = {StampOf(weight), StampOf(bias)};
  if (norm != nullptr) {
    // LibTorch writes the running statistics without a sign; the count of batches bears one.
    for (const at::Tensor& tensor : {norm->weight, norm->bias, norm->running_mean,
                                     norm->running_var, norm->num_batches_tracked})
      of.push_back(StampOf(tensor));
  }
  if (ready_ && ready_->of == of && ready_->type == type && ready_->winograd == winograd)
    return *ready_;

  ready_.reset();  // not beside the new one
  const torch::NoGradGuard no_grad;
  at::Tensor window = weight.detach().to(at::kFloat);
  at::Tensor shift = bias.defined() ? bias.detach().to(at::kFloat) : at::Tensor();
  if (norm != nullptr) {
    const auto number = [](const at::Tensor& tensor) { return tensor.detach().to(at::kDouble); };
    at::Tensor scale = (number(norm->running_var) + norm->options.eps()).rsqrt();
    if (norm->weight.defined()) scale = scale * number(norm->weight);
    at::Tensor offset = -number(norm->running_mean);
    if (shift.defined()) offset = offset + number(shift);
    offset = offset * scale;
    if (norm->bias.defined()) offset = offset + number(norm->bias);
    window = window * scale.to(at::kFloat).view({-1, 1, 1, 1});
    shift = offset.to(at::kFloat);
  }
  auto made = std::make_unique<Ready>();
  made->of = std::move(of);
  made->type = type;
  made->winograd = winograd;
  made->bias = shift;
  made->finite = at::isfinite(window.sum()).item<bool>() &&
                 (!shift.defined() || at::isfinite(shift.sum()).item<bool>());
  if (made->finite && winograd) {
    made->points = WinogradWeights(window);
  } else if (made->finite && OneDnnConv::Has(type)) {
    const auto& stride = *options.stride();
    const auto& dilation = *options.dilation();
    made->direct = std::make_unique<OneDnnConv>(
        window, shift,
        ConvGeometry{{stride[0], stride[1]}, {dilation[0], dilation[1]}, options.groups()}, type);
  }
  ready_ = std::move(made);
  return *ready_;
}

at::Tensor FastConv2dImpl::forward(const at::Tensor& x) {
  if (FusedScope::IsOn()) return Fused(x, nullptr, Activation::kNone, {});
  if (!WinogradDoes(x, padding_)) return Conv2dImpl::forward(x);
  const int64_t dilation = options.dilation()->at(0);
  if (!at::GradMode::is_enabled()) {
    const Ready& ready = Get(nullptr, at::kFloat, /*winograd=*/true);
    if (!ready.finite) return Conv2dImpl::forward(x);
    return WinogradConv(x, ready.points, ready.bias, padding_, dilation);
  }
  if (padding_ > 2 * dilation) return Conv2dImpl::forward(x);
  return WinogradConvInTraining(x, weight, bias, padding_, dilation);
}

at::Tensor FastConv2dImpl::Fused(const at::Tensor& x, BatchNorm2dImpl* norm, Activation activation,
                                 const at::Tensor& added, bool unpadded) {
  const int64_t padding = unpadded ? 0 : padding_;
  const bool winograd = WinogradDoes(x, padding);
  const at::ScalarType type = AutocastEnabled(at::kCPU) ? at::kBFloat16 : at::kFloat;
  const bool can = x.device().is_cpu() && padding >= 0 && x.dim() == 4 &&
                   (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
  if (can && (winograd || OneDnnConv::Has(type))) {
    Ready& ready = Get(norm, type, winograd);
    if (ready.direct) return ready.direct->Run(x, padding, activation, added);
    if (ready.finite) {
      const at::Tensor y =
          WinogradConv(x, ready.points, ready.bias, padding, options.dilation()->at(0),
                       added.defined() ? Activation::kNone : activation);
      return added.defined() ? Activate(y.add_(added), activation) : y;
    }
  }
  const at::IntArrayRef stride = *options.stride(), dilation = *options.dilation();
  const int64_t none[] = {0, 0};
  at::Tensor y = unpadded ? at::conv2d(x, weight, bias, stride, at::IntArrayRef(none), dilation,
                                       options.groups())
                          : Conv2dImpl::forward(x);
  if (norm != nullptr) y = norm->forward(y);
  if (added.defined()) y.add_(added);
  return Activate(y, activation);
}

at::Tensor ForwardConv(FastConv2d& conv, BatchNorm2d norm, const at::Tensor& x,
                       Activation activation, const at::Tensor& added) {
  const bool in_evaluation = norm.is_empty() || !norm->is_training();
  if (FusedScope::IsOn() && in_evaluation)
    return conv->Fused(x, norm.is_empty() ? nullptr : norm.get(), activation, added);
  at::Tensor y = Forward(conv, x);
  if (!norm.is_empty()) y = Forward(norm, y);
  if (added.defined()) y.add_(added);
  return Activate(y, activation);
}

}  // namespace seglab
