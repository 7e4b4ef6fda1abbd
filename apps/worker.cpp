#include "worker.h"

#include <cstdio>
#include <cstdlib>

#include "base/error.h"

namespace seglab {

std::optional<Worker> ReadWorker() {
  const char* variable = std::getenv(kWorkerVariable);
  if (variable == nullptr) return std::nullopt;
  const std::string text = variable;
  Worker worker;
  if (text == "checks") {
    worker.part = Worker::Part::kChecks;
    return worker;
  }
  if (text == "report") {
    worker.part = Worker::Part::kReport;
    return worker;
  }
  char rest = '\0';
  if (std::sscanf(variable, "%d/%d%c", &worker.number, &worker.count, &rest) != 2 ||
      worker.number < 1 || worker.number > worker.count)
    throw Error(kWorkerVariable, ": must be \"checks\", \"report\" or like \"1/3\", found \"", text,
                "\"");
  return worker;
}

}  // namespace seglab
