#pragma once

#include <optional>
#include <string>

namespace seglab {

/// What `--workers` has made of a process, by the environment variable SEGLAB_WORKER.
struct Worker {
  enum class Part {
    kChecks,  ///< "checks": before the workers are started
    kRuns,    ///< "2/4": the second of four that divide the runs
    kReport,  ///< "report": when they have ended
  };
  Part part = Part::kRuns;
  int number = 1;  ///< 1 ... count
  int count = 1;
};

inline constexpr const char* kWorkerVariable = "SEGLAB_WORKER";

/// @return std::nullopt of a process that is none. @throws Error on anything else
std::optional<Worker> ReadWorker();

}  // namespace seglab
