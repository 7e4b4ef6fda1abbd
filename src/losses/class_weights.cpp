#include "losses/class_weights.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/names.h"
#include "losses/loss.h"

namespace seglab {

std::vector<double> ReadClassWeights(JsonReader& reader, int classes) {
  const std::string key = "class_weights";
  Json value;
  if (reader.Get(key, value) && value.is_string()) {
    const auto word = value.get<std::string>();
    if (word != kMedianFrequency)
      throw Error(reader.Path(key), ": ", UnknownName("weights", word, {kMedianFrequency}));
    if (classes > 0) {
      throw Error(reader.Path(key), ": \"", word,
                  "\" is counted from training data, and there are none here; give numbers");
    }
    return {};
  }
  std::vector<double> weights;
  reader.Get(key, weights);
  CheckClassWeights(weights, classes, reader.path());
  return weights;
}

void CheckClassWeights(const std::vector<double>& weights, int classes, const std::string& path) {
  if (weights.empty()) return;
  const std::string where = path + ".class_weights: ";
  if (classes > 0 && static_cast<int>(weights.size()) != classes) {
    throw Error(where, weights.size(), " weights for ", classes,
                " classes; give one for each class");
  }
  for (double weight : weights) {
    if (!std::isfinite(weight) || weight < 0)
      throw Error(where, weight, " is no weight; give numbers of 0 or more");
  }
  if (*std::max_element(weights.begin(), weights.end()) == 0)
    throw Error(where, "all are 0, so nothing would be learned; give one above 0");
}

at::Tensor WeightsOfCells(const at::Tensor& label, const std::vector<double>& weights,
                          at::ScalarType type) {
  const at::Tensor table = torch::tensor(weights, at::TensorOptions().dtype(at::kDouble));
  const at::Tensor classes = label.to(at::kLong).masked_fill(label.eq(kVoidCell), 0);
  return table.to(label.device(), type).index_select(0, classes.flatten()).view_as(label);
}

at::Tensor WeightOfCounted(const at::Tensor& label, const std::vector<double>& weights) {
  const at::Tensor counted = label.ne(kVoidCell);
  if (weights.empty()) return counted.sum().to(at::kDouble);
  const at::Tensor table = torch::tensor(weights, label.options().dtype(at::kDouble));
  const at::Tensor classes = label.to(at::kLong).masked_select(counted);
  return table.index_select(0, classes).sum();
}

}  // namespace seglab
