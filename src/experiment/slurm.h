#pragma once

#include <string>
#include <vector>

#include "experiment/plan.h"

namespace seglab {

/// How the runs of a plan are submitted to Slurm.
struct SlurmOptions {
  std::vector<std::string> command;  ///< makes the whole experiment: "seglab", "run", "table2", ...
  std::vector<std::string> sbatch;   ///< more options of sbatch: partition, time, GPUs
  std::string folder;                ///< of scripts and logs, which is made
  std::string name;                  ///< of the jobs
  int processes = 1;                 ///< of each run, started by srun
};

/// Runs that one array job makes: those that start from the same run, or from none.
struct SlurmArray {
  std::string init;               ///< the run that starts them, "": none that is still to be made
  std::vector<std::string> runs;  ///< by their numbers in the array
};

/// The arrays of what is to be made of a plan, each behind the one that makes its init. What failed
/// is left out, and what starts from it.
std::vector<SlurmArray> SlurmArrays(const std::vector<PlannedRun>& plan);

/// The batch script of an array: it makes the run of the number SLURM_ARRAY_TASK_ID. Told by USR1
/// that its time is nearly over, it has the run saved and is queued again. Slurm keeps a copy of
/// its own: what is submitted later changes nothing.
std::string SlurmScript(const SlurmOptions& options, const SlurmArray& array);

/// Submits a plan: an array job for each SlurmArray, which waits for the one task that its runs
/// start from, and a last job that writes the report.
/// @return what was submitted, for people
/// @throws Error naming what sbatch says
std::string SubmitToSlurm(const std::vector<PlannedRun>& plan, const SlurmOptions& options);

}  // namespace seglab
