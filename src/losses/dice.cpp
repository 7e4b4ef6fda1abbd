#include "losses/dice.h"

#include <torch/torch.h>

#include <utility>

#include "base/error.h"
#include "losses/cells.h"

namespace seglab {
namespace {

constexpr double kLargestSmooth = 1e6;

}  // namespace

DiceOptions DiceOptions::FromJson(JsonReader& reader) {
  DiceOptions options;
  reader.Get("smooth", options.smooth, 0.0, kLargestSmooth);
  reader.GetChoice("classes", options.classes, {"present", "all"});
  return options;
}

void DiceOptions::Check(const std::string& path) const {
  if (!(smooth >= 0 && smooth <= kLargestSmooth))
    throw Error(path, ".smooth: must be between 0 and ", kLargestSmooth, ", found ", smooth);
  if (classes != "present" && classes != "all")
    throw Error(path, ".classes: must be \"present\" or \"all\", found \"", classes, "\"");
}

Dice::Dice(DiceOptions options) : options_(std::move(options)) { options_.Check(); }

at::Tensor Dice::Sum(const at::Tensor& logits, const at::Tensor& label) const {
  RefuseCategories(label, "dice");
  const at::Tensor counted = label.ne(kVoidCell).flatten(1).unsqueeze(1);
  const at::Tensor truth = CellsOfClasses(label, logits.size(1));
  const at::Tensor guess = WideLogits(logits).softmax(1).flatten(2) * counted;
  const at::Tensor size = truth.sum(2);  // (N, C), as all that follow
  const at::Tensor above = 2 * (guess * truth).sum(2) + options_.smooth;
  // 0 only without `smooth`, of a class that nobody sees.
  const at::Tensor below = (guess.sum(2) + size + options_.smooth).clamp_min(1e-12);
  const at::Tensor taken = options_.classes == "all" ? counted.any(2).expand_as(size) : size.gt(0);
  const at::Tensor losses = (1 - above / below) * taken;
  return (losses.sum(1) / taken.sum(1).clamp_min(1)).sum();
}

at::Tensor Dice::Divisor(const at::Tensor& label) const {
  RefuseCategories(label, "dice");
  return CountedImages(label);
}

}  // namespace seglab
