#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "models/seg_model.h"

namespace seglab {

/// The deepest map as Table 1 of FCN describes it, of the network before upsampling: where a map is
/// interpolated, multiplied with a fixed matrix or goes through a transposed convolution, the walk
/// from the image ends. Where rows and columns differ, the larger figure is meant.
struct DeepestMap {
  /// Convolutions and fully connected layers on the longest path from the image.
  int64_t conv_layers = 0;
  /// Pixels. Through global and adaptive pools and fully connected layers, a value sees the whole
  /// image: this is the field before them, and `whole_image` says that there are such.
  int64_t receptive_field = 1;
  bool whole_image = false;
  /// The same with global and adaptive average pools counted as windows of what they average at
  /// this input size: 7x7 in classifiers at 224 x 224.
  int64_t receptive_field_with_pool = 1;
  int64_t max_stride = 1;
};

/// One operator that computes, makes memory, or uses parameters.
struct LayerProfile {
  std::string name;    ///< of the module with the weight: "features.0"; else the operator's
  std::string op;      ///< LibTorch's operator: "conv2d"
  std::string weight;  ///< name of the parameter, or ""
  std::vector<int64_t> weight_shape, output;
  int64_t parameters = 0;  ///< that no layer before it has used
  int64_t macs = 0, flops = 0;
  int64_t output_bytes = 0;     ///< of new memory; 0 when it works in place
  int64_t receptive_field = 0;  ///< of the output; 0 behind the upsampling
  int64_t stride = 0;
};

/// What a network costs for one image, counted over the operators that it really calls in one
/// forward pass in eval mode; op_work.h says what counts as what. Work on tensors that do not
/// depend on the image (interpolation matrices) is not the network's and is left out.
struct Profile {
  std::vector<int64_t> input, output;
  int64_t parameters = 0;
  int64_t unused_parameters = 0;  ///< of these, what inference does not touch: auxiliary heads
  int64_t macs = 0, flops = 0;
  DeepestMap deepest;
  /// Bytes of all tensors that operators made from the image: at most what training keeps.
  int64_t activation_bytes = 0;
  /// The largest sum of those that live at once when each goes after its last use. Neither counts
  /// the image, parameters, or what operators use within.
  int64_t peak_activation_bytes = 0;
  std::vector<LayerProfile> layers;
  std::map<std::string, int64_t> uncounted;  ///< operators of unknown cost and their calls
};

/// Runs the network once on a black image on the CPU. Leaves it in the mode in which it was.
Profile ProfileModel(SegModel& model, int64_t height, int64_t width);

/// A segmentation network on a "backbone" has lost the global average pool of the backbone's
/// classifier. Table 1 of FCN counts it nevertheless (GoogLeNet's 907 pixels): this adds the window
/// that it has at 224 x 224 to receptive_field_with_pool.
/// @param spec  what the network was made from
void CountClassifierPool(const Json& spec, Profile& profile);

/// Keys: parameters, unused_parameters, macs, flops, conv_layers, receptive_field, whole_image,
/// receptive_field_with_pool (when it differs), max_stride, input, output, activation_bytes,
/// peak_activation_bytes, layers, uncounted.
Json ToJson(const Profile& profile);

}  // namespace seglab
