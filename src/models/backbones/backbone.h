#pragma once

#include <torch/nn/module.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "models/seg_model.h"

namespace seglab {

/// Feature maps by stride: 8, 16, 32 (the deepest). In tight geometry the map of stride s has
/// ceil(H / s) x ceil(W / s) cells.
using FeatureMaps = std::map<int, at::Tensor>;

struct TrunkOptions {
  /// FCN's published geometry: pad 100 at the first convolution, unpadded fc6.
  bool published_fcn = false;
};

/// A backbone without its classifier, as dense feature extractor. Its parameter names are the
/// classifier's (torchvision's) where the layer is the same.
class Trunk : public torch::nn::Module {
 public:
  /// @param image  (N, 3, H, W)
  virtual FeatureMaps forward(const at::Tensor& image) = 0;
  virtual int64_t Channels(int stride) const = 0;
  /// The weights of this backbone's classifier as this trunk's: linear layers turned into
  /// convolutions, the last one dropped (section 4.1 of FCN).
  virtual SegModel::Start StartFromClassifier(const NamedTensors& source) const = 0;
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
/// @throws Error on an unknown name or key
std::shared_ptr<Trunk> MakeTrunk(const Json& spec, const TrunkOptions& options,
                                 const std::string& path);
std::shared_ptr<SegModel> MakeClassifier(const Json& spec, int classes, const std::string& path);

}  // namespace seglab
