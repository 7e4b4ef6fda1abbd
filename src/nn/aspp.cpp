#include "nn/aspp.h"

#include <torch/torch.h>

#include <string>

#include "base/error.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "nn/grouped_conv.h"
#include "nn/layer_tap.h"
#include "nn/option_checks.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

/// Batch norm in training divides by the deviation over images and pixels: of one value there is
/// none.
void CheckManyValues(const TensorSequential& branch, const at::Tensor& x) {
  if (x.size(0) > 1 || SyncBatchNormScope::IsOn()) return;
  for (const auto& child : branch->children()) {
    if (child->as<BatchNorm2dImpl>() == nullptr || !child->is_training()) continue;
    throw Error(
        "image-level features: batch norm needs 2 images in training, found a batch of 1; "
        "use larger batches or freeze batch norm");
  }
}

}  // namespace

TensorSequential ConvBnRelu(int64_t in, int64_t out, int64_t kernel, int64_t dilation) {
  return TensorSequential(FastConv2d(nn::Conv2dOptions(in, out, kernel)
                                         .padding(kernel / 2 * dilation)
                                         .dilation(dilation)
                                         .bias(false)),
                          BatchNorm2d(out), nn::ReLU());
}

TensorSequential SeparableConvBnRelu(int64_t in, int64_t out, int64_t kernel, int64_t dilation) {
  const auto depthwise = nn::Conv2dOptions(in, in, kernel)
                             .padding(kernel / 2 * dilation)
                             .dilation(dilation)
                             .groups(in)
                             .bias(false);
  return TensorSequential(GroupedConv2d(depthwise), BatchNorm2d(in), nn::ReLU(),
                          FastConv2d(nn::Conv2dOptions(in, out, 1).bias(false)), BatchNorm2d(out),
                          nn::ReLU());
}

at::Tensor ImageLevel(TensorSequential& branch, const at::Tensor& x) {
  CheckManyValues(branch, x);
  const at::Tensor level = Forward(branch, x.mean({2, 3}, /*keepdim=*/true));
  return level.expand({-1, -1, x.size(2), x.size(3)});
}

void AsppOptions::Check(const std::string& where) const {
  CheckAtLeast(where, "in", in, 1);
  CheckAtLeast(where, "out", out, 1);
  for (int64_t rate : rates) CheckAtLeast(where, "rates", rate, 1);
  CheckDropout(where, dropout);
}

AsppImpl::AsppImpl(const AsppOptions& options) {
  options.Check();
  nn::ModuleList convs;
  auto add = [&](const TensorSequential& branch) {
    convs->push_back(branch);
    branches_.push_back(branch);
  };
  add(ConvBnRelu(options.in, options.out, 1));
  const auto wide = options.separable ? SeparableConvBnRelu : ConvBnRelu;
  for (int64_t rate : options.rates) add(wide(options.in, options.out, 3, rate));
  if (options.image_level) {
    // The pooling in front only takes its number: of a 1x1 map it is an identity.
    add(TensorSequential(nn::AdaptiveAvgPool2d(1),
                         FastConv2d(nn::Conv2dOptions(options.in, options.out, 1).bias(false)),
                         BatchNorm2d(options.out), nn::ReLU()));
    has_image_level_ = true;
  }
  register_module("convs", convs);
  TensorSequential project =
      ConvBnRelu(static_cast<int64_t>(branches_.size()) * options.out, options.out, 1);
  project->push_back(nn::Dropout(options.dropout));
  project_ = register_module("project", project);
}

at::Tensor AsppImpl::forward(const at::Tensor& x) {
  std::vector<at::Tensor> parts;
  const size_t of_cells = branches_.size() - (has_image_level_ ? 1 : 0);
  for (size_t i = 0; i < of_cells; ++i) parts.push_back(Forward(branches_[i], x));
  if (has_image_level_) parts.push_back(ImageLevel(branches_.back(), x));
  return Forward(project_, at::cat(parts, 1));
}

}  // namespace seglab
