#include "regions/svm_options.h"

#include <cmath>

#include "base/error.h"

namespace seglab {

void CheckAboveZero(const std::string& where, const char* name, double value) {
  if (value > 0 && std::isfinite(value)) return;
  throw Error(where, ".", name, ": is ", value, ", must be above 0");
}

void CheckNotNegative(const std::string& where, const char* name, double value) {
  if (value >= 0 && std::isfinite(value)) return;
  throw Error(where, ".", name, ": is ", value, ", must be 0 or more");
}

SvmOptions SvmOptions::FromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  SvmOptions options;
  reader.Get("cost", options.cost);
  reader.Get("bias_multiplier", options.bias_multiplier);
  reader.Get("positive_weight", options.positive_weight);
  reader.Get("tolerance", options.tolerance);
  reader.Get("seed", options.seed);
  reader.Finish();
  options.Check(path);
  return options;
}

Json SvmOptions::ToJson() const {
  return {{"cost", cost},
          {"bias_multiplier", bias_multiplier},
          {"positive_weight", positive_weight},
          {"tolerance", tolerance},
          {"seed", seed}};
}

void SvmOptions::Check(const std::string& where) const {
  CheckAboveZero(where, "cost", cost);
  CheckNotNegative(where, "bias_multiplier", bias_multiplier);
  CheckAboveZero(where, "positive_weight", positive_weight);
  CheckAboveZero(where, "tolerance", tolerance);
}

SvrOptions SvrOptions::FromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  SvrOptions options;
  std::string loss;
  if (reader.GetChoice("loss", loss, {"linear", "squared"})) {
    options.loss = loss == "linear" ? SvrLoss::kLinear : SvrLoss::kSquared;
  }
  reader.Get("cost", options.cost);
  reader.Get("bias_multiplier", options.bias_multiplier);
  reader.Get("tube", options.tube);
  reader.Get("tolerance", options.tolerance);
  reader.Get("seed", options.seed);
  reader.Finish();
  options.Check(path);
  return options;
}

Json SvrOptions::ToJson() const {
  return {{"loss", loss == SvrLoss::kLinear ? "linear" : "squared"},
          {"cost", cost},
          {"bias_multiplier", bias_multiplier},
          {"tube", tube},
          {"tolerance", tolerance},
          {"seed", seed}};
}

void SvrOptions::Check(const std::string& where) const {
  CheckAboveZero(where, "cost", cost);
  CheckNotNegative(where, "bias_multiplier", bias_multiplier);
  CheckNotNegative(where, "tube", tube);
  CheckAboveZero(where, "tolerance", tolerance);
}

}  // namespace seglab
