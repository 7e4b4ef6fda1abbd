#pragma once

#include <vector>

#include "base/json.h"
#include "inference/eval_sink.h"
#include "metrics/confusion_matrix.h"
#include "metrics/scores.h"

namespace seglab {

/// Scores near the boundaries of objects alone: for each width a confusion matrix of the pixels
/// that are nearer than that many pixels to a boundary of the truth, on both sides of it (P. Kohli,
/// L. Ladicky, P. Torr 2009; Krähenbühl and Koltun 2011, section 5.2; DeepLab, arXiv:1412.7062,
/// figure 5). Boundaries are those of the truth, void being a label of its own; void never counts.
class TrimapSink : public EvalSink {
 public:
  /// @param widths  in pixels; 1: the pixels that touch a boundary
  TrimapSink(int classes, std::vector<double> widths);

  /// @throws Error naming the image where a label is out of range
  void Add(const EvalItem& item) override;

  /// [{"width": 4, "pixel_acc": ..., "mean_acc": ..., "mean_iou": ..., "fw_iou": ...}], ascending;
  /// fractions, null where nothing is defined.
  Json ToJson(AbsentPolicy policy) const;
  /// "within 4 pixels of a boundary: mean IU 45.1, pixel accuracy 70.2", a line for each.
  std::string ToText(AbsentPolicy policy) const;

 private:
  std::vector<double> widths_;
  std::vector<ConfusionMatrix> matrices_;
  std::vector<uint8_t> band_;
};

/// Checks widths of a trimap. @throws Error "where: ..." where one is not 1 to 10000
void CheckTrimapWidths(const std::vector<double>& widths, const std::string& where);

}  // namespace seglab
