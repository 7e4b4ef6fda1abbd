#include "nn/sequential.h"

#include <torch/torch.h>

#include <iterator>

#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/relu6.h"

namespace seglab {
namespace {

Activation ActivationOf(const torch::nn::Module& layer) {
  if (layer.as<torch::nn::ReLUImpl>() != nullptr) return Activation::kRelu;
  if (layer.as<Relu6Impl>() != nullptr) return Activation::kRelu6;
  return Activation::kNone;
}

}  // namespace

at::Tensor TensorSequentialImpl::Run(at::Tensor x, size_t begin, size_t end, bool unpadded) {
  const bool fuses = FusedScope::IsOn();
  const auto first = this->begin();
  const auto last = first + static_cast<std::ptrdiff_t>(end);
  for (auto layer = first + static_cast<std::ptrdiff_t>(begin); layer != last; ++layer) {
    const std::shared_ptr<torch::nn::Module> module = layer->ptr();
    FastConv2dImpl* conv = fuses ? module->as<FastConv2dImpl>() : nullptr;
    if (conv == nullptr) {
      x = layer->forward<at::Tensor>(std::move(x));
      if (LayerTap::Listens()) LayerTap::Report(*module, x);
      continue;
    }
    BatchNorm2dImpl* norm = nullptr;
    if (std::next(layer) != last) norm = std::next(layer)->ptr()->as<BatchNorm2dImpl>();
    if (norm != nullptr && norm->is_training()) norm = nullptr;
    if (norm != nullptr) ++layer;
    Activation activation = Activation::kNone;
    if (std::next(layer) != last) activation = ActivationOf(*std::next(layer)->ptr());
    if (activation != Activation::kNone) ++layer;
    x = conv->Fused(x, norm, activation, {}, unpadded);
  }
  return x;
}

}  // namespace seglab
