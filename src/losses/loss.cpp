#include "losses/loss.h"

#include <torch/torch.h>

#include "base/error.h"
#include "base/names.h"
#include "losses/border_cross_entropy.h"
#include "losses/combined_loss.h"
#include "losses/cross_entropy.h"
#include "losses/dice.h"
#include "losses/focal.h"
#include "losses/lovasz.h"
#include "losses/ohem.h"

namespace seglab {
namespace {

template <typename Made, typename Options>
std::shared_ptr<const Loss> MakeRow(JsonReader& reader, int classes) {
  if constexpr (requires { Options::FromJson(reader, classes); }) {
    return std::make_shared<Made>(Options::FromJson(reader, classes));
  } else {
    return std::make_shared<Made>(Options::FromJson(reader));
  }
}

std::shared_ptr<const Loss> MakeLovasz(JsonReader& reader, int classes) {
  return std::make_shared<Lovasz>();
}

}  // namespace

const std::vector<LossRow>& LossRows() {
  static const std::vector<LossRow> rows = {
      {"cross_entropy", "softmax cross-entropy of each cell", "Long et al. 2015, section 4",
       MakeRow<CrossEntropy, CrossEntropyOptions>},
      {"focal", "cross-entropy with less of what is right already", "Lin et al. 2017, equation 5",
       MakeRow<Focal, FocalOptions>},
      {"dice", "1 - soft Dice of each image and class", "Milletari et al. 2016, section 3",
       MakeRow<Dice, DiceOptions>},
      {"lovasz", "1 - IoU of each image and class, extended to probabilities",
       "Berman et al. 2018, algorithm 1", MakeLovasz},
      {"ohem", "cross-entropy of each image's hardest cells", "Shrivastava et al. 2016",
       MakeRow<Ohem, OhemOptions>},
      {"border_cross_entropy", "cross-entropy, more of it where objects nearly touch",
       "Ronneberger et al. 2015, equations 1 and 2",
       MakeRow<BorderCrossEntropy, BorderWeightOptions>},
      {"sum", "several of these, each times its weight", "", MakeCombined},
  };
  return rows;
}

at::Tensor Quotient(const at::Tensor& sum, const at::Tensor& divisor) {
  const at::Tensor quotient = sum / divisor.to(sum.scalar_type()).clamp_min(1e-12);
  return quotient.dim() == 0 ? quotient : quotient.sum();
}

at::Tensor MeanLoss(const Loss& loss, const at::Tensor& logits, const at::Tensor& label) {
  return Quotient(loss.Sum(logits, label), loss.Divisor(label));
}

std::shared_ptr<const Loss> MakeLoss(const Json& spec, int classes, const std::string& path) {
  const Json object = spec.is_string() ? Json{{"name", spec}} : spec;
  JsonReader reader(object, path);
  return MakeLoss(reader, classes);
}

std::shared_ptr<const Loss> MakeLoss(JsonReader& reader, int classes) {
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
