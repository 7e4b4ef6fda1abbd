#include "inference/predict_options.h"

#include <cmath>

#include "base/error.h"

namespace seglab {

const std::vector<std::string>& PredictOptions::Keys() {
  static const std::vector<std::string> keys = {"precision", "winograd", "scales",
                                                "flip",      "window",   "crf"};
  return keys;
}

const std::vector<double>& PredictOptions::UsualScales() {
  static const std::vector<double> scales = {0.5, 0.75, 1, 1.25, 1.5, 1.75};
  return scales;
}

void PredictOptions::Read(JsonReader& reader) {
  std::string name = PrecisionName(precision);
  reader.GetChoice("precision", name, PrecisionNames());
  precision = ParsePrecision(name);
  reader.Get("winograd", winograd);
  reader.Get("scales", scales);
  reader.Get("flip", flip);
  if (Json json; reader.Get("window", json)) {
    if (json.is_object()) {
      JsonReader members(json, reader.Path("window"));
      window.size = members.Require<int>("size");
      members.Get("stride", window.stride);
      members.Finish();
    } else {
      reader.Get("window", window.size);
    }
  }
  if (Json json; reader.Get("crf", json)) {
    if (json.is_boolean()) {
      crf.reset();
      if (json.get<bool>()) crf.emplace();
    } else {
      crf = CrfOptions::FromJson(json, reader.Path("crf"));
    }
  }
  Check(reader.path());
}

void PredictOptions::Check(const std::string& where) const {
  if (scales.empty()) throw Error(where, ".scales: is empty; 1 is the image as it is");
  for (double scale : scales) {
    if (!(scale >= 0.01 && scale <= 100)) {
      throw Error(where, ".scales: has ", scale, ", must be 0.01 to 100");
    }
  }
  if (window.size < 0) {
    throw Error(where, ".window: is ", window.size, " pixels, must be 0 (none) or more");
  }
  if (window.stride < 0 || window.stride > window.size) {
    throw Error(where, ".window: has a stride of ", window.stride,
                " pixels, must be 1 to its size of ", window.size,
                ", so that no pixel is left out");
  }
  if (crf) crf->Check(where + ".crf");
}

}  // namespace seglab
