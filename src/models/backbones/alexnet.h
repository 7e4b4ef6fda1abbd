#pragma once

#include <memory>
#include <string>

#include "models/backbones/backbone.h"

namespace seglab {

struct AlexNetOptions {
  bool caffe = false;  ///< CaffeNet instead of torchvision's single tower
  double width = 1;    ///< factor on all channel counts, 1/64..4
  int fc6_kernel = 6;  ///< side of fc6's window, 1..15; 6 as published
  /// Channels of fc6 and fc7, at most 65536; 0: 4096 * width. DeepLab's are 1024.
  int fc_width = 0;
  double dropout = 0.5;  ///< at fc6 and fc7, 0..0.95

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "AlexNetOptions") const;
};

/// @throws Error when the options are wrong, or FCN's published geometry is asked for at another
///         fc6_kernel than 6
std::shared_ptr<Trunk> MakeAlexNetTrunk(const AlexNetOptions& options, const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeAlexNetClassifier(const AlexNetOptions& options, int classes);

/// Options are read from `reader`: caffe, width, fc6_kernel, fc_width, dropout.
std::shared_ptr<Trunk> MakeAlexNetTrunk(const std::string& name, JsonReader& reader,
                                        const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeAlexNetClassifier(const std::string& name, JsonReader& reader,
                                                int classes);

}  // namespace seglab
