#include "losses/combined_loss.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace seglab {
namespace {

constexpr double kLargestWeight = 1e6;

}  // namespace

template <typename Logits>
at::Tensor CombinedLoss::SumOf(const Logits& logits, const at::Tensor& label) const {
  std::vector<at::Tensor> sums;
  for (const Part& part : parts_)
    sums.push_back(part.weight * part.loss->Sum(logits, label).reshape({-1}));
  return at::cat(sums);
}

at::Tensor CombinedLoss::Sum(const at::Tensor& logits, const at::Tensor& label) const {
  return SumOf(logits, label);
}

at::Tensor CombinedLoss::Sum(const Enlarged& logits, const at::Tensor& label) const {
  return SumOf(logits, label);
}

at::Tensor CombinedLoss::Divisor(const at::Tensor& label) const {
  std::vector<at::Tensor> divisors;
  for (const Part& part : parts_) divisors.push_back(part.loss->Divisor(label).reshape({-1}));
  return at::cat(divisors);
}

std::shared_ptr<const Loss> MakeCombined(JsonReader& reader, int classes) {
  const auto list = reader.Require<Json>("losses");
  const std::string path = reader.Path("losses");
  if (!list.is_array() || list.empty())
    throw Error(path, ": must be a list of losses, such as [\"cross_entropy\", \"dice\"]");
  std::vector<CombinedLoss::Part> parts;
  double heaviest = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    const Json spec = list[i].is_string() ? Json{{"name", list[i]}} : list[i];
    JsonReader own(spec, StrCat(path, "[", i, "]"));
    CombinedLoss::Part part;
    own.Get("weight", part.weight, 0.0, kLargestWeight);
    part.loss = MakeLoss(own, classes);
    if (!part.loss->IsMean()) {
      throw Error(own.Path("reduction"),
                  ": \"sum\" does not go with other losses, which are means; leave it out");
    }
    heaviest = std::max(heaviest, part.weight);
    parts.push_back(std::move(part));
  }
  if (heaviest == 0) throw Error(path, ": all weights are 0; give one above 0");
  return std::make_shared<CombinedLoss>(std::move(parts));
}

}  // namespace seglab
