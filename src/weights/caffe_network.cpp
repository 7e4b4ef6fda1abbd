#include "weights/caffe_network.h"

#include "base/error.h"
#include "base/log.h"
#include "models/registry.h"
#include "weights/traits.h"

namespace seglab {
namespace {

/// Whether Caffe's network had the layer.
bool HasType(const TensorFile& file, const char* layer) {
  return file.metadata.count(StrCat(layer, ".type")) != 0;
}

bool IsCaffeResNet(const TensorFile& file) { return HasType(file, "res2a_branch2a"); }

}  // namespace

bool IsCaffeFcn(const TensorFile& file) {
  return HasType(file, "score_fr") || HasType(file, "score-fr");
}

Json CaffeNetwork(const TensorFile& file, Json spec) {
  const auto backbone = spec.find("backbone");
  if (IsCaffeResNet(file) && backbone != spec.end()) {
    *backbone = ModelObject(*backbone);
    (*backbone)["caffe"] = true;
  }
  if (IsCaffeFcn(file)) spec["geometry"] = "published";
  return spec;
}

void CheckCaffeNetwork(const TensorFile& file, const NetworkTraits& traits,
                       const std::string& network, const std::string& path) {
  if (IsCaffeResNet(file) && !HasTrait(traits, "variant", "caffe")) {
    Log::Warn(
        path,
        ": are weights of Caffe's ResNet, whose strides are not on the 3x3 convolutions as in "
        "this network; where there is a \"backbone\", give it \"caffe\": true");
  }
  if (!IsCaffeFcn(file)) return;
  const bool scaled = HasType(file, "scale_pool4"), scales = network == "fcn8s_atonce";
  if (scaled && !scales)
    throw Error(path, ": its skips are scaled by 0.01 and 0.0001; it is for fcn8s_atonce");
  const bool skips = HasType(file, "score_pool4") || HasType(file, "score-pool4");
  if (skips && !scaled && scales)
    throw Error(path, ": its skips are not scaled, as those of fcn8s_atonce are; take fcn8s");
  if (!HasTrait(traits, "geometry", "published")) {
    Log::Warn(path,
              ": are weights of Caffe's FCN, whose maps are padded and cropped otherwise than in "
              "this network; \"geometry\": \"published\" computes what they did there");
  }
}

}  // namespace seglab
