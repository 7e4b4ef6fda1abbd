#include "train/metrics_csv.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"

namespace seglab {
namespace {

const std::vector<std::string>& Columns() {
  static const std::vector<std::string> columns = {
      "iteration", "loss",      "lr",       "images_per_second", "wait",
      "seconds",   "pixel_acc", "mean_acc", "mean_iou",          "fw_iou"};
  return columns;
}

}  // namespace

MetricsCsv::MetricsCsv(std::string path) : path_(std::move(path)) {
  WriteFileAtomically(path_, Join(Columns(), ",") + "\n");
}

void MetricsCsv::Write(const Json& line) {
  if (!IsOfTraining(line)) return;
  std::vector<std::string> cells;
  for (const std::string& column : Columns()) {
    const Json value = line.value(column, Json());
    const bool known = value.is_number() && std::isfinite(value.get<double>());
    cells.push_back(known ? value.dump() : "");
  }
  std::ofstream out(path_, std::ios::app);
  out << Join(cells, ",") << "\n" << std::flush;
  if (!out) throw Error(path_, ": cannot be written: ", std::strerror(errno));
}

}  // namespace seglab
