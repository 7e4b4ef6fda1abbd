#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <map>
#include <string>

#include "base/json.h"

namespace seglab {

/// What turns an 8-bit image into a network's input: x[c] = (pixel[c] * scale - mean[c]) / std[c],
/// mean and std in the channel order that the network expects. It belongs to the weights and
/// travels with them.
struct Preprocessing {
  std::string channel_order = "RGB";  ///< RGB, or BGR as Caffe's networks
  double scale = 1.0 / 255;
  std::array<double, 3> mean = {0.485, 0.456, 0.406};
  std::array<double, 3> std = {0.229, 0.224, 0.225};

  /// "imagenet" (torchvision: RGB / 255, mean and std of ImageNet), "caffe" (BGR 0-255 minus the
  /// mean color), "unit" (RGB to [-1, 1]), or an object with the four members.
  static Preprocessing FromJson(const Json& json, const std::string& path);
  Json ToJson() const;

  /// Reads the keys channel_order, scale, mean, std of a weight file's metadata (mean and std are
  /// comma-separated); false when there are none of them, or only one or two without channel_order,
  /// as other programs' files may have.
  /// @throws Error when they are there in part or wrong
  bool FromMetadata(const std::map<std::string, std::string>& metadata, const std::string& where);
  void ToMetadata(std::map<std::string, std::string>& metadata) const;

  /// The R, G, B color that becomes (nearly) zero: what padding is filled with.
  std::array<uint8_t, 3> FillColor() const;

  bool operator==(const Preprocessing&) const = default;
};

/// "imagenet", "caffe" or "unit" where it is one of these, else its members, for messages.
std::string PreprocessingText(const Preprocessing& preprocessing);

/// @param image  (N, H, W, 3) uint8, R G B, any device
/// @return (N, 3, H, W) float32, channels-last memory, on the same device
at::Tensor Preprocess(const at::Tensor& image, const Preprocessing& preprocessing);

/// The image that a network's input was made of, rounded and cut off at 0 and 255.
/// @param input  (N, 3, H, W) of any float type
/// @return (N, H, W, 3) uint8, R G B, contiguous, on the same device
at::Tensor Unpreprocess(const at::Tensor& input, const Preprocessing& preprocessing);

}  // namespace seglab
