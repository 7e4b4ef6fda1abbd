#include "inference/trimap_sink.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "data/labels.h"
#include "metrics/boundary.h"

namespace seglab {

TrimapSink::TrimapSink(int classes, std::vector<double> widths)
    : widths_(std::move(widths)), matrices_(widths_.size(), ConfusionMatrix(classes)) {
  std::sort(widths_.begin(), widths_.end());
}

void TrimapSink::Add(const EvalItem& item) {
  const at::Tensor truth = item.truth.contiguous(), labels = item.labels.contiguous();
  const auto* of_truth = truth.data_ptr<uint8_t>();
  const std::vector<int64_t> distances =
      SquaredBoundaryDistances(of_truth, truth.size(0), truth.size(1));
  for (size_t i = 0; i < widths_.size(); ++i) {
    band_.assign(distances.size(), kIgnoreLabel);
    for (size_t p = 0; p < band_.size(); ++p) {
      if (static_cast<double>(distances[p]) < widths_[i] * widths_[i]) band_[p] = of_truth[p];
    }
    matrices_[i].Add(band_.data(), labels.data_ptr<uint8_t>(), static_cast<int64_t>(band_.size()),
                     kIgnoreLabel, item.name);
  }
}

Json TrimapSink::ToJson(AbsentPolicy policy) const {
  Json list = Json::array();
  const auto number = [](double x) { return std::isfinite(x) ? Json(x) : Json(); };
  for (size_t i = 0; i < widths_.size(); ++i) {
    const Scores scores = ComputeScores(matrices_[i], policy);
    list.push_back({{"width", widths_[i]},
                    {"pixel_acc", number(scores.pixel_acc)},
                    {"mean_acc", number(scores.mean_acc)},
                    {"mean_iou", number(scores.mean_iou)},
                    {"fw_iou", number(scores.fw_iou)}});
  }
  return list;
}

std::string TrimapSink::ToText(AbsentPolicy policy) const {
  std::string text;
  for (size_t i = 0; i < widths_.size(); ++i) {
    const Scores scores = ComputeScores(matrices_[i], policy);
    text += StrCat("within ", widths_[i], " pixels of a boundary: mean IU ",
                   FormatPercent(100 * scores.mean_iou), ", pixel accuracy ",
                   FormatPercent(100 * scores.pixel_acc), "\n");
  }
  return text;
}

void CheckTrimapWidths(const std::vector<double>& widths, const std::string& where) {
  for (double width : widths) {
    if (!(width >= 1 && width <= 10000)) {
      throw Error(where, ": has a width of ", width, " pixels, must be 1 to 10000");
    }
  }
}

}  // namespace seglab
