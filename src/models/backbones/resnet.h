#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/backbones/backbone.h"

namespace seglab {

struct ResNetOptions {
  bool caffe = false;  ///< stride on the first 1x1 of a block; the stem's pool rounds up, unpadded
  double width = 1;    ///< factor on all channel counts, 1/64..4
  /// Factors on the dilation of the blocks of layer4, one each, 1..16 (section 3.2.1 of DeepLab v3,
  /// arXiv:1706.05587); none: as torchvision, whose first dilated block keeps the dilation before.
  std::vector<int64_t> multi_grid = {};

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "ResNetOptions") const;
  /// @throws Error where the grid is not one factor for each block of `name`'s layer4
  void CheckGrid(const std::string& name, const std::string& where = "ResNetOptions") const;
};

/// Blocks of layer4.
int64_t ResNetLastBlocks(const std::string& name);

/// @param name  resnet18, 34, 50, 101, 152
/// @throws Error on another name or when the options are wrong
std::shared_ptr<Trunk> MakeResNetTrunk(const std::string& name, const ResNetOptions& options,
                                       const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeResNetClassifier(const std::string& name,
                                               const ResNetOptions& options, int classes);

/// Options are read from `reader`: caffe, width, and of a trunk multi_grid.
std::shared_ptr<Trunk> MakeResNetTrunk(const std::string& name, JsonReader& reader,
                                       const TrunkOptions& trunk);
std::shared_ptr<SegModel> MakeResNetClassifier(const std::string& name, JsonReader& reader,
                                               int classes);

}  // namespace seglab
