#pragma once

#include <string>

#include "base/json.h"

namespace seglab {

/// Other forms of metrics.jsonl, for other programs, beside it in the run's folder.
struct LogForms {
  bool tensorboard = false;  ///< events.out.tfevents.seglab
  bool csv = false;          ///< metrics.csv
};

/// A file that grows with metrics.jsonl.
class LogForm {
 public:
  virtual ~LogForm() = default;
  /// @param line  a line of metrics.jsonl
  /// @throws Error when the disk is full
  virtual void Write(const Json& line) = 0;
};

/// True of a line of a descent: a loss or scores at an iteration. Networks that are fitted write
/// others.
bool IsOfTraining(const Json& line);

/// Writes the forms of a folder's metrics.jsonl anew. @return how many lines it has
int64_t WriteLogForms(const std::string& folder, const LogForms& forms);

}  // namespace seglab
