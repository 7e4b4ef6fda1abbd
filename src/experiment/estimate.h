#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiment/plan.h"

namespace seglab {

/// What is left of an experiment, from a few steps and images of each kind of run that are measured
/// now.
struct Estimate {
  struct Run {
    std::string name;
    int64_t steps = 0;  ///< still to be made
    double step_seconds = 0;
    int64_t images = 0;  ///< to be scored, in validations and evaluations
    double image_seconds = 0;
    int64_t disk_bytes = 0;  ///< of its checkpoints

    double Seconds() const {
      return static_cast<double>(steps) * step_seconds +
             static_cast<double>(images) * image_seconds;
    }
  };
  std::vector<Run> runs;
  int64_t memory_bytes = 0;  ///< most that this process has held while measuring
};

/// @param plan  runs that are finished or have failed are left out, and so are those that are
///   fitted, not descended
Estimate EstimateRuns(const std::vector<PlannedRun>& plan, const std::string& device);

std::string EstimateText(const Estimate& estimate);

}  // namespace seglab
