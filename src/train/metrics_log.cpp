#include "train/metrics_log.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/files.h"

namespace seglab {

MetricsLog::MetricsLog(std::string path, int64_t iteration, bool evaluation_due)
    : path_(std::move(path)) {
  std::string kept;
  if (FileExists(path_)) {
    std::istringstream lines(ReadFile(path_));
    for (std::string line; std::getline(lines, line);) {
      const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (!json.is_object()) break;
      const auto at = json.value("iteration", int64_t{0});
      if (at > iteration || (evaluation_due && at == iteration && json.contains("mean_iou"))) break;
      kept += line + "\n";
    }
  }
  WriteFileAtomically(path_, kept);
}

void MetricsLog::Write(const Json& line) {
  std::ofstream out(path_, std::ios::app);
  out << line.dump() << "\n" << std::flush;
  if (!out) throw Error(path_, ": cannot be written: ", std::strerror(errno));
}

}  // namespace seglab
