#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <map>
#include <string>
#include <vector>

namespace seglab {

/// Records what named layers of a network give, in every forward pass that its thread makes while
/// it lives:
///
///   LayerTap tap(*network, {"features.29", "classifier.0"});
///   network->forward(image);
///   const at::Tensor relu5_3 = tap.Output("features.29");
///
/// The layers are the network's modules, by the names that its weights bear. What is recorded is a
/// copy, since a ReLU may work in place on what its layer was given; gradients flow through it.
/// Taps may lie one in the other and must end in the reverse order.
class LayerTap {
 public:
  /// @throws Error when the network has no such layer: the nearest one, and those beside it
  LayerTap(const torch::nn::Module& network, const std::vector<std::string>& layers);
  ~LayerTap();
  LayerTap(const LayerTap&) = delete;
  LayerTap& operator=(const LayerTap&) = delete;

  /// Of the latest pass. @param layer  one of those asked for
  /// @throws Error when the layer gave nothing: no pass was made, it has no part in this mode (an
  ///         auxiliary head in evaluation), or it is but a list of others
  const at::Tensor& Output(const std::string& layer) const;

  /// What a block calls with the output of each layer below it; Forward does.
  static void Report(const torch::nn::Module& layer, const at::Tensor& output) {
    if (innermost_ != nullptr) innermost_->Record(layer, output);
  }
  /// Whether there is one in this thread.
  static bool Listens() { return innermost_ != nullptr; }

 private:
  void Record(const torch::nn::Module& layer, const at::Tensor& output);

  static inline thread_local LayerTap* innermost_ = nullptr;

  LayerTap* outer_;
  std::map<std::string, const torch::nn::Module*> layers_;
  std::map<const torch::nn::Module*, at::Tensor> outputs_;  ///< undefined until there is one
};

/// layer->forward(inputs...), which is told to the thread's taps. All blocks call their layers
/// through this, so that every one can be asked for.
template <typename Holder, typename... Inputs>
at::Tensor Forward(Holder& layer, const Inputs&... inputs) {
  at::Tensor output = layer->forward(inputs...);
  LayerTap::Report(*layer, output);
  return output;
}

}  // namespace seglab
