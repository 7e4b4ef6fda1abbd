#include "inference/rand_sink.h"

#include <torch/torch.h>

#include <cmath>

#include "base/error.h"
#include "base/format.h"

namespace seglab {

void RandSink::Add(const EvalItem& item) {
  const at::Tensor truth = item.truth.contiguous(), labels = item.labels.contiguous();
  scores_.Add(truth.data_ptr<uint8_t>(), labels.data_ptr<uint8_t>(), truth.size(0), truth.size(1));
}

Json RandSink::ToJson() const {
  const auto number = [](double x) { return std::isfinite(x) ? Json(x) : Json(); };
  const RandScore plain = scores_.Mean(), thin = scores_.MeanThin();
  return {{"object_class", name_},
          {"images", scores_.images()},
          {"pixel_error", number(scores_.PixelError())},
          {"rand_error", number(plain.error)},
          {"split", number(plain.split)},
          {"merge", number(plain.merge)},
          {"rand_error_thin", number(thin.error)},
          {"split_thin", number(thin.split)},
          {"merge_thin", number(thin.merge)}};
}

std::string RandSink::ToText() const {
  const auto percent = [](double part) { return FormatPercent(100 * part); };
  const RandScore thin = scores_.MeanThin();
  return StrCat("Rand error of ", name_, " ", percent(scores_.Mean().error),
                ", with thin boundaries ", percent(thin.error), " (split ", percent(thin.split),
                ", merge ", percent(thin.merge), "); pixel error ", percent(scores_.PixelError()),
                "\n");
}

}  // namespace seglab
