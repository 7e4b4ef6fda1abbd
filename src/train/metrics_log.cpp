#include "train/metrics_log.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/files.h"
#include "train/event_file.h"
#include "train/metrics_csv.h"

namespace seglab {

MetricsLog::MetricsLog(const std::string& folder, int64_t iteration, bool evaluation_due,
                       const LogForms& forms)
    : path_(JoinPath(folder, "metrics.jsonl")) {
  // Forms that are not written any more would say less than the log.
  for (const char* name : {"events.out.tfevents.seglab", "metrics.csv"}) {
    std::error_code absent;
    std::filesystem::remove(JoinPath(folder, name), absent);
  }
  forms_ = OpenLogForms(folder, forms);
  std::string kept;
  if (FileExists(path_)) {
    std::istringstream lines(ReadFile(path_));
    for (std::string line; std::getline(lines, line);) {
      const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (!json.is_object()) break;
      const auto at = json.value("iteration", int64_t{0});
      if (at > iteration || (evaluation_due && at == iteration && json.contains("mean_iou"))) break;
      kept += line + "\n";
      for (const auto& form : forms_) form->Write(json);
    }
  }
  WriteFileAtomically(path_, kept);
}

void MetricsLog::Write(const Json& line) {
  std::ofstream out(path_, std::ios::app);
  out << line.dump() << "\n" << std::flush;
  if (!out) throw Error(path_, ": cannot be written: ", std::strerror(errno));
  for (const auto& form : forms_) form->Write(line);
}

std::vector<std::unique_ptr<LogForm>> OpenLogForms(const std::string& folder,
                                                   const LogForms& forms) {
  const std::string events = JoinPath(folder, "events.out.tfevents.seglab"),
                    csv = JoinPath(folder, "metrics.csv");
  std::vector<std::unique_ptr<LogForm>> files;
  if (forms.tensorboard) files.push_back(std::make_unique<EventFile>(events));
  if (forms.csv) files.push_back(std::make_unique<MetricsCsv>(csv));
  return files;
}

}  // namespace seglab
