#include "losses/loss.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/names.h"
#include "losses/cross_entropy.h"

namespace seglab {
namespace {

std::shared_ptr<const Loss> MakeCrossEntropy(JsonReader& reader, int classes) {
  return std::make_shared<CrossEntropy>(CrossEntropyOptions::FromJson(reader, classes));
}

}  // namespace

const std::vector<LossRow>& LossRows() {
  static const std::vector<LossRow> rows = {
      {"cross_entropy", "softmax cross-entropy of each cell", "Long et al. 2015, section 4",
       MakeCrossEntropy},
  };
  return rows;
}

at::Tensor MeanLoss(const Loss& loss, const at::Tensor& logits, const at::Tensor& label) {
  const at::Tensor sum = loss.Sum(logits, label);
  return sum / loss.Divisor(label).to(sum.scalar_type()).clamp_min(1e-12);
}

std::shared_ptr<const Loss> MakeLoss(const Json& spec, int classes, const std::string& path) {
  const Json object = spec.is_string() ? Json{{"name", spec}} : spec;
  JsonReader reader(object, path);
  std::string name = "cross_entropy";
  reader.Get("name", name);
  std::vector<std::string> names;
  for (const LossRow& row : LossRows()) {
    names.push_back(row.name);
    if (row.name != name) continue;
    std::shared_ptr<const Loss> loss = row.make(reader, classes);
    reader.Finish();
    return loss;
  }
  throw Error(reader.Path("name"), ": ", UnknownName("loss", name, names));
}

}  // namespace seglab
