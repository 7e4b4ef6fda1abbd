#pragma once

#include <string>

#include "base/json.h"

namespace seglab {

/// metrics.jsonl: one JSON object a line, each with "iteration".
class MetricsLog {
 public:
  /// Keeps the lines up to `iteration` of an existing file and drops what a killed life of the run
  /// wrote after its last checkpoint (a half-written line too).
  /// @param evaluation_due  the scores of this iteration are still to be written: those that stand
  ///                        there came after the checkpoint
  explicit MetricsLog(std::string path, int64_t iteration = 0, bool evaluation_due = false);
  void Write(const Json& line);

 private:
  std::string path_;
};

}  // namespace seglab
