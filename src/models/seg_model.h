#pragma once

#include <torch/nn/module.h>

#include <map>
#include <string>
#include <vector>

#include "tensor/enlarged.h"
#include "tensor/map_grid.h"
#include "tensor/preprocessing.h"
#include "tensor/tensor_file.h"

namespace seglab {

/// Scores of an image's cells that a network wants to be trained on.
struct ScoreMap {
  Enlarged logits;    ///< (N, classes, h, w) at any resolution; (N, classes) of a classifier
  MapGrid grid;       ///< where its cells lie: each is compared with the label at its place
  double weight = 1;  ///< of its loss in the sum of losses
};

struct SegOutput {
  Enlarged logits;  ///< (N, classes, H, W) at the input's H, W; (N, classes) of a classifier
  /// What the loss is taken of in training: scores before their upsampling, those of several
  /// scales, of auxiliary heads. Empty: the logits.
  std::vector<ScoreMap> train_on = {};
};

/// What decides what a network computes and stands in no name or shape of its weights. What is not
/// named is as in torchvision.
///   "geometry":   "published", FCN's pad 100 and fixed crops, U-Net's unpadded convolutions
///   "variant":    "caffe", a backbone whose strides, pools or normalisation are its authors'
///   "activation": "relu6", MobileNet v1 with TensorFlow's
///   "input":      "unit", GoogLeNet's, which makes it of the "imagenet" that the network takes
///   "rates":      "6,12,18,24", dilations of the windows of DeepLab's head (v3: in pixels)
///   "multi_grid": "1,1,1", factors on the dilation of a ResNet's last blocks
///   "upsampling", "decoder", "lrn": of encoder-decoders, where they are not the published ones
using NetworkTraits = std::map<std::string, std::string>;

/// Every row of the registry is one. Any input size from 1 x 1 works; padding and cropping are the
/// model's business.
class SegModel : public torch::nn::Module {
 public:
  /// @param image  (N, 3, H, W) float, normalised as `preprocessing` says
  virtual SegOutput forward(const at::Tensor& image) = 0;

  /// What the deepest shared layer makes of an image: start-up checks look whether it is alive.
  virtual at::Tensor Features(const at::Tensor& image) = 0;

  /// Where weights of another network may start this one (an earlier stage, a classifier of the
  /// same backbone): the tensors under this network's names and shapes.
  struct Start {
    NamedTensors tensors;
    std::vector<std::string>
        new_layers;  ///< prefixes that the source has not: they keep their fresh values
    std::vector<std::string> dropped_layers;  ///< prefixes of the source that have no place here
  };
  virtual Start StartFrom(const NamedTensors& source) const { return {source, {}, {}}; }

  /// What the network says of itself beside its weights.
  virtual NetworkTraits Traits() const { return {}; }

  /// Side of the parts that it makes an image's scores of in evaluation, pixels; 0: of the whole.
  virtual int64_t Tile() const { return 0; }

  Preprocessing preprocessing;
  /// Auxiliary heads work in training mode; in evaluation, where only `forward` of the command line
  /// asks for them, with this.
  bool aux_in_evaluation = false;
};

}  // namespace seglab
