#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "models/multi_scale.h"
#include "models/seg_model.h"

namespace seglab {

struct DeepLabV2Options {
  Json backbone = {{"name", "resnet101"}, {"caffe", true}};  ///< a name, or an object with "name"
  std::string head = "aspp_l";  ///< "aspp_l", "aspp_s", "largefov": the rates below; "score": 1x1
  /// Of the head's 3x3 windows, in cells of the map, 1..64, at most 16 of them; none: the head's,
  /// {6, 12, 18, 24}, {2, 4, 8, 12} or {12}.
  std::vector<int64_t> rates = {};
  int output_stride = 8;     ///< 32, 16, 8 or 4; published 8
  MultiScaleOptions scales;  ///< published {0.5, 0.75, 1} in the rows "MSC"
  /// Channels of fc6 and fc7, at most 65536; 0: 1024 times VGG's width. Only on VGG and AlexNet,
  /// and not with the head "score".
  int fc_width = 0;
  std::optional<double> dropout;          ///< behind fc6 and fc7, 0..0.95; 0.5; likewise
  std::string path = "DeepLabV2Options";  ///< names the options in messages

  /// The backbone's options are checked when it is made.
  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "DeepLabV2Options") const;
};

/// Any backbone carries it. @throws Error when the options are wrong
std::shared_ptr<SegModel> MakeDeepLabV2(const DeepLabV2Options& options, int classes);

/// Reads backbone, head, rates, output_stride, scales, fc_width and dropout from `reader`.
std::shared_ptr<SegModel> MakeDeepLabV2(JsonReader& reader, int classes);

}  // namespace seglab
