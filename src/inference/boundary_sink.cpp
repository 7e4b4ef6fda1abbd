#include "inference/boundary_sink.h"

#include <torch/torch.h>

#include <cmath>

#include "base/error.h"
#include "base/format.h"

namespace seglab {

void BoundarySink::Add(const EvalItem& item) {
  const at::Tensor truth = item.truth.contiguous(), labels = item.labels.contiguous();
  score_.Add(truth.data_ptr<uint8_t>(), labels.data_ptr<uint8_t>(), truth.size(0), truth.size(1));
}

Json BoundarySink::ToJson() const {
  const auto number = [](double x) { return std::isfinite(x) ? Json(x) : Json(); };
  Json per_class = Json::array();
  for (double score : score_.PerClass()) per_class.push_back(number(score));
  return {{"tolerance", score_.tolerance()},
          {"mean", number(score_.Mean())},
          {"per_class", std::move(per_class)}};
}

std::string BoundarySink::ToText() const {
  return StrCat("boundary F1 ", FormatPercent(100 * score_.Mean()), ", within ",
                Significant(100 * score_.tolerance(), 3), " % of the diagonal\n");
}

}  // namespace seglab
