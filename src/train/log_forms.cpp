#include "train/log_forms.h"

#include <memory>
#include <sstream>

#include "base/files.h"
#include "train/metrics_log.h"

namespace seglab {

bool IsOfTraining(const Json& line) {
  return line.contains("iteration") && (line.contains("loss") || line.contains("pixel_acc"));
}

int64_t WriteLogForms(const std::string& folder, const LogForms& forms) {
  const std::string path = JoinPath(folder, "metrics.jsonl");
  if (!FileExists(path)) return 0;
  const auto files = OpenLogForms(folder, forms);
  int64_t count = 0;
  std::istringstream lines(ReadFile(path));
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) break;
    for (const auto& file : files) file->Write(json);
    ++count;
  }
  return count;
}

}  // namespace seglab
