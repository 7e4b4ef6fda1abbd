#pragma once

#include <torch/nn/module.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "models/seg_model.h"
#include "tensor/map_grid.h"

namespace seglab {

/// What a trunk gives at one stride.
struct FeatureMap {
  at::Tensor values;  ///< (N, C, h, w)
  /// With TrunkOptions::pooling_indices, of the max pool that brought the map to its stride, if one
  /// did: where in the map before it (row * its width + column) each value was found, (N, C', h',
  /// w') int64, as at::max_unpool2d takes them. Layers may follow on the pool: VGG's maps are the
  /// pools' own except the deepest, fc7's, which bears pool5's.
  at::Tensor indices;
  std::array<int64_t, 2> unpooled = {0, 0};  ///< rows and columns of the map before that pool
};

/// Feature maps by nominal stride 4, 8, 16, 32 and, where the network has one, 2: what the last
/// layer before the next reduction gives; VGG's and AlexNet's are the pooled maps that FCN skips
/// from. 32 is the deepest, unless the trunk is cut (TrunkOptions::deepest). With an output stride
/// below 32 the later maps keep the size of the output stride and are still found under their
/// nominal stride. In tight geometry a map of actual stride s has ceil(H / s) x ceil(W / s) cells.
/// What any other layer gives is found with a LayerTap.
using FeatureMaps = std::map<int, FeatureMap>;

struct TrunkOptions {
  /// FCN's published geometry: pad 100 at the first convolution, unpadded fc6.
  bool published_fcn = false;
  /// 32, 16, 8 or 4: reductions beyond it are left out and the layers behind them dilated instead
  /// (the hole algorithm; section 3.1 of DeepLab, arXiv:1412.7062).
  int output_stride = 32;
  /// Whether the maps bear the indices of their pools, for networks that unpool; only at output
  /// stride 32, where no pool is dilated.
  bool pooling_indices = false;
  /// As DeepLab's networks take it: the trunk ends before fc6 and fc7, which are the head's own
  /// (HeadFc), and VGG has the pools of DeepLab's release, 3x3 windows that keep the cells on their
  /// pixels and that no output stride dilates.
  bool deeplab = false;
  /// False: VGG and AlexNet end with their last pool, and fc6 and fc7 are the head's own (HeadFc),
  /// if it has such. Others have none.
  bool fc = true;
  /// 32, 16, 8 or 4: the trunk ends with the last layer of this nominal stride, for heads that want
  /// fine maps, and has no map beyond. VGG's and AlexNet's deepest map is then not the pooled one
  /// but what stands before the next pool: at 4 VGG-16's is conv3_3.
  int deepest = 32;

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "TrunkOptions") const;
};

/// @throws Error "where.output_stride: must be ..." unless it is 32, 16, 8 or 4
void CheckOutputStride(const std::string& where, int output_stride);

/// `x` as integer: strides, and what lies between cells of backbones, half pixels and half cells
/// apart. @throws std::logic_error when it is none
int64_t WholeNumber(double x);

/// The fully connected layers of a classifier, which another network takes over as convolutions.
struct HeadFcLayers {
  std::string fc6, fc7;  ///< names in the classifier: "classifier.0"
  int64_t width = 4096;  ///< channels of both at the trunk's width
};

/// A backbone without its classifier, as dense feature extractor. Its parameter names are the
/// classifier's (torchvision's) where the layer is the same.
class Trunk : public torch::nn::Module {
 public:
  /// @param image  (N, 3, H, W), H and W at least 1
  virtual FeatureMaps forward(const at::Tensor& image) = 0;
  /// The weights of this backbone's classifier as this trunk's: linear layers that it keeps turned
  /// into convolutions, the others dropped (section 4.1 of FCN).
  virtual SegModel::Start StartFromClassifier(const NamedTensors& source) const = 0;
  /// The backbone's part of the Traits() of a network on it.
  virtual NetworkTraits Traits() const { return {}; }
  /// What VGG and AlexNet have left to the head (TrunkOptions::fc, deeplab); others have no such.
  virtual std::optional<HeadFcLayers> HeadFc() const { return std::nullopt; }

  /// @param stride  nominal
  /// @throws Error when this trunk has no such map
  int64_t Channels(int stride) const { return Find(stride).channels; }
  MapGrid Grid(int stride) const { return Find(stride).grid; }
  /// The nominal strides of forward's maps, ascending.
  std::vector<int> Strides() const;
  /// The actual stride of the deepest map.
  int64_t OutputStride() const { return WholeNumber(maps_.rbegin()->second.grid.stride); }

 protected:
  void AddMap(int stride, int64_t channels, const MapGrid& grid) {
    maps_[stride] = {channels, grid};
  }

 private:
  struct Map {
    int64_t channels = 0;
    MapGrid grid;
  };
  const Map& Find(int stride) const;

  std::map<int, Map> maps_;
};

/// One row of the table of backbones. The options are the members of its JSON object beside "name".
struct BackboneRow {
  std::string name;
  std::string summary;
  std::string source;  ///< paper
  std::shared_ptr<Trunk> (*make_trunk)(const std::string& name, JsonReader& options,
                                       const TrunkOptions& trunk);
  std::shared_ptr<SegModel> (*make_classifier)(const std::string& name, JsonReader& options,
                                               int classes);
};

const std::vector<BackboneRow>& BackboneRows();

/// @param spec  "vgg16" or {"name": "vgg16", "width": 0.25}
/// @throws Error on an unknown name or key, or on options that are out of range
std::shared_ptr<Trunk> MakeTrunk(const Json& spec, const TrunkOptions& options,
                                 const std::string& path);
std::shared_ptr<SegModel> MakeClassifier(const Json& spec, int classes, const std::string& path);

/// Where weights may start a network whose trunk is its "backbone": those of a network of its kind
/// as they are, a classifier's as the trunk's.
/// @param new_layers  prefixes of the network's own layers, which a classifier has not
SegModel::Start StartOnTrunk(const Trunk& trunk, const NamedTensors& source,
                             const std::vector<std::string>& new_layers);

}  // namespace seglab
