#pragma once

#include <string>

#include "train/log_forms.h"

namespace seglab {

/// metrics.csv: a row for each line of metrics.jsonl, with the cells empty that it lacks. The
/// columns are iteration, loss, lr, images_per_second, wait, seconds, pixel_acc, mean_acc,
/// mean_iou, fw_iou.
class MetricsCsv : public LogForm {
 public:
  /// Begins the file anew.
  explicit MetricsCsv(std::string path);
  void Write(const Json& line) override;

 private:
  std::string path_;
};

}  // namespace seglab
