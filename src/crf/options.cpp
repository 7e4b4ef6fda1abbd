#include "crf/options.h"

#include <cmath>

#include "base/error.h"
#include "base/names.h"

namespace seglab {

namespace {

struct NormalisationName {
  const char* name;
  Normalisation value;
};
constexpr NormalisationName kNormalisations[] = {{"none", Normalisation::kNone},
                                                 {"before", Normalisation::kBefore},
                                                 {"after", Normalisation::kAfter},
                                                 {"symmetric", Normalisation::kSymmetric}};

CrfPreset Preset(const std::string& name, const std::string& source, double bilateral_weight,
                 double bilateral_sigma_xy, double bilateral_sigma_rgb, double gaussian_weight,
                 double gaussian_sigma_xy) {
  CrfPreset preset{name, source, {}};
  preset.options.bilateral_weight = bilateral_weight;
  preset.options.bilateral_sigma_xy = bilateral_sigma_xy;
  preset.options.bilateral_sigma_rgb = bilateral_sigma_rgb;
  preset.options.gaussian_weight = gaussian_weight;
  preset.options.gaussian_sigma_xy = gaussian_sigma_xy;
  return preset;
}

const CrfOptions& FindPreset(const std::string& name, const std::string& path) {
  std::vector<std::string> names;
  for (const CrfPreset& preset : CrfPresets()) {
    if (preset.name == name) return preset.options;
    names.push_back(preset.name);
  }
  throw Error(path, ": ", UnknownName("set of CRF parameters", name, names));
}

void CheckSigma(const std::string& where, const char* name, double sigma) {
  if (sigma > 0 && std::isfinite(sigma)) return;
  throw Error(where, ".", name, ": is ", sigma,
              ", must be above 0; to leave a kernel out, set its weight to 0");
}

void CheckWeight(const std::string& where, const char* name, double weight) {
  if (weight >= 0 && std::isfinite(weight)) return;
  throw Error(where, ".", name, ": is ", weight, ", must be 0 or more");
}

}  // namespace

const std::vector<CrfPreset>& CrfPresets() {
  static const std::vector<CrfPreset> presets = {
      Preset("deeplab_v1", "DeepLab v1 LargeFOV, its densecrf script", 4, 49, 5, 3, 3),
      Preset("deeplab_v2_vgg16", "DeepLab v2 VGG-16, its model page", 4, 65, 3, 2, 2),
      Preset("deeplab_v2_resnet101", "DeepLab v2 ResNet-101", 4, 67, 3, 3, 1),
      Preset("camvid_msc_largefov", "MSc-LargeFOV on CamVid, by ITLab", 5, 50, 3, 3, 3),
      Preset("krahenbuhl_demo", "the demo of Krähenbühl and Koltun's program", 10, 60, 20, 3, 3),
      Preset("pydensecrf", "the example of pydensecrf", 10, 80, 13, 3, 3),
  };
  return presets;
}

CrfOptions CrfOptions::FromJson(const Json& json, const std::string& path) {
  if (json.is_string()) return FindPreset(json.get<std::string>(), path);
  JsonReader reader(json, path);
  CrfOptions options;
  std::string name;
  if (reader.Get("preset", name)) options = FindPreset(name, reader.Path("preset"));
  reader.Get("bilateral_weight", options.bilateral_weight);
  reader.Get("bilateral_sigma_xy", options.bilateral_sigma_xy);
  reader.Get("bilateral_sigma_rgb", options.bilateral_sigma_rgb);
  reader.Get("gaussian_weight", options.gaussian_weight);
  reader.Get("gaussian_sigma_xy", options.gaussian_sigma_xy);
  reader.Get("iterations", options.iterations);
  reader.Get("compatibility", options.compatibility);
  std::vector<std::string> names;
  for (const auto& row : kNormalisations) names.emplace_back(row.name);
  if (reader.GetChoice("normalisation", name, names)) {
    for (const auto& row : kNormalisations) {
      if (name == row.name) options.normalisation = row.value;
    }
  }
  reader.Finish();
  options.Check(path);
  return options;
}

Json CrfOptions::ToJson() const {
  Json json = {{"bilateral_weight", bilateral_weight},
               {"bilateral_sigma_xy", bilateral_sigma_xy},
               {"bilateral_sigma_rgb", bilateral_sigma_rgb},
               {"gaussian_weight", gaussian_weight},
               {"gaussian_sigma_xy", gaussian_sigma_xy}};
  for (const auto& row : kNormalisations) {
    if (row.value == normalisation) json["normalisation"] = row.name;
  }
  json["iterations"] = iterations;
  if (!compatibility.empty()) json["compatibility"] = compatibility;
  return json;
}

void CrfOptions::Check(const std::string& where) const {
  CheckWeight(where, "bilateral_weight", bilateral_weight);
  CheckWeight(where, "gaussian_weight", gaussian_weight);
  CheckSigma(where, "bilateral_sigma_xy", bilateral_sigma_xy);
  CheckSigma(where, "bilateral_sigma_rgb", bilateral_sigma_rgb);
  CheckSigma(where, "gaussian_sigma_xy", gaussian_sigma_xy);
  if (iterations < 0 || iterations > 10000) {
    throw Error(where, ".iterations: is ", iterations, ", must be 0 to 10000");
  }
  for (const std::vector<double>& row : compatibility) {
    if (row.size() != compatibility.size()) {
      throw Error(where, ".compatibility: has ", compatibility.size(), " rows, one of ", row.size(),
                  " values; it must be square, a row and a column for each label");
    }
    for (double cost : row) {
      if (!std::isfinite(cost))
        throw Error(where, ".compatibility: has a value that is not finite");
    }
  }
}

}  // namespace seglab
