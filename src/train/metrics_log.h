#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "train/log_forms.h"

namespace seglab {

/// metrics.jsonl: one JSON object a line, each with "iteration".
class MetricsLog {
 public:
  /// Keeps the lines up to `iteration` of an existing file and drops what a killed life of the run
  /// wrote after its last checkpoint (a half-written line too).
  /// @param evaluation_due  the scores of this iteration are still to be written: those that stand
  ///                        there came after the checkpoint
  /// @param forms           written beside it, anew with the lines that are kept
  explicit MetricsLog(const std::string& folder, int64_t iteration = 0, bool evaluation_due = false,
                      const LogForms& forms = {});
  void Write(const Json& line);

 private:
  std::string path_;
  std::vector<std::unique_ptr<LogForm>> forms_;
};

/// The files of those forms that are wanted, begun anew.
std::vector<std::unique_ptr<LogForm>> OpenLogForms(const std::string& folder,
                                                   const LogForms& forms);

}  // namespace seglab
