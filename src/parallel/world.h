#pragma once

#include <functional>
#include <optional>
#include <string>

namespace seglab {

/// One of the processes of a job, and where the first of them can be met.
struct World {
  int rank = 0;        ///< 0 ... size - 1
  int size = 1;        ///< processes of the job
  int local_rank = 0;  ///< among those of this machine: which GPU is its own
  int local_size = 1;  ///< of this machine: by which its cores are shared; 1 where it is not said
  std::string host = "127.0.0.1";  ///< of rank 0
  int port = 29500;
  double meeting_seconds = 300;  ///< how long the others are waited for
  std::string by;                ///< who started it: "torchrun", "srun"
  bool has_store = false;        ///< torchrun keeps the place where they meet
  std::string life;              ///< told apart from one before it at the same place: "-1"
};

/// Reads what launchers tell a process: torchrun's RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE,
/// MASTER_ADDR and MASTER_PORT; or srun's SLURM_PROCID, SLURM_STEP_NUM_TASKS (or SLURM_NTASKS),
/// SLURM_LOCALID, SLURM_STEP_TASKS_PER_NODE and SLURM_STEP_NODELIST, of which the first node is met
/// at a port made of the job's number, unless MASTER_ADDR and MASTER_PORT say another place.
/// @param variable  as std::getenv, for tests
/// @return std::nullopt of a process that is alone
/// @throws Error naming the variable that is missing or no number, or out of range
std::optional<World> ReadWorld(const std::function<const char*(const char*)>& variable);
std::optional<World> ReadWorld();

/// The first host of Slurm's short form of a list: "node[03-05,7],b1": "node03".
std::string FirstHost(const std::string& list);

}  // namespace seglab
