#include "parallel/world.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"

namespace seglab {
namespace {

using Variables = std::function<const char*(const char*)>;

/// @throws Error unless it is a number of at least `least`
int Number(const Variables& variable, const std::string& name, int least) {
  const char* text = variable(name.c_str());
  if (text == nullptr)
    throw Error(name, ": is not set, and others of its kind are; a launcher sets them all");
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (end == text || *end != '\0' || value < least || value > 1'000'000)
    throw Error(name, ": must be a number of at least ", least, ", found \"", text, "\"");
  return static_cast<int>(value);
}

int NumberOr(const Variables& variable, const std::string& name, int least, int otherwise) {
  return variable(name.c_str()) == nullptr ? otherwise : Number(variable, name, least);
}

std::string Text(const Variables& variable, const std::string& name, const std::string& otherwise) {
  const char* text = variable(name.c_str());
  return text == nullptr || *text == '\0' ? otherwise : text;
}

std::optional<World> OfTorchrun(const Variables& variable) {
  if (variable("WORLD_SIZE") == nullptr) return std::nullopt;
  World world;
  world.by = "torchrun";
  world.size = Number(variable, "WORLD_SIZE", 1);
  world.rank = Number(variable, "RANK", 0);
  world.local_rank = NumberOr(variable, "LOCAL_RANK", 0, 0);
  world.local_size = NumberOr(variable, "LOCAL_WORLD_SIZE", 1, 1);
  world.host = Text(variable, "MASTER_ADDR", world.host);
  world.port = NumberOr(variable, "MASTER_PORT", 1, world.port);
  world.has_store = Text(variable, "TORCHELASTIC_USE_AGENT_STORE", "") == "True";
  const int restarts = NumberOr(variable, "TORCHELASTIC_RESTART_COUNT", 0, 0);
  if (restarts > 0) world.life = StrCat("-", restarts);
  return world;
}

std::optional<World> OfSlurm(const Variables& variable) {
  // In a batch script itself, which no srun started, there is no step.
  if (variable("SLURM_PROCID") == nullptr || variable("SLURM_STEP_NODELIST") == nullptr)
    return std::nullopt;
  World world;
  world.by = "srun";
  // SLURM_NTASKS may be the whole job's.
  world.size = NumberOr(variable, "SLURM_STEP_NUM_TASKS", 1, 0);
  if (world.size == 0) world.size = Number(variable, "SLURM_NTASKS", 1);
  if (world.size == 1) return std::nullopt;
  world.rank = Number(variable, "SLURM_PROCID", 0);
  world.local_rank = NumberOr(variable, "SLURM_LOCALID", 0, 0);
  // "2(x3),1": of the first nodes, which have the most.
  world.local_size =
      std::max(std::atoi(Text(variable, "SLURM_STEP_TASKS_PER_NODE", "1").c_str()), 1);
  world.host = Text(variable, "MASTER_ADDR", FirstHost(Text(variable, "SLURM_STEP_NODELIST", "")));
  constexpr int kFirstPort = 20000, kPorts = 10000;
  world.port = NumberOr(variable, "MASTER_PORT", 1,
                        kFirstPort + Number(variable, "SLURM_JOB_ID", 0) % kPorts);
  return world;
}

}  // namespace

std::optional<World> ReadWorld(const Variables& variable) {
  std::optional<World> world = OfTorchrun(variable);
  if (!world) world = OfSlurm(variable);
  if (!world) return std::nullopt;
  if (world->rank >= world->size)
    throw Error("RANK: is ", world->rank, ", must be below the number of processes, ", world->size);
  if (world->port > 65535) throw Error("MASTER_PORT: must be below 65536, found ", world->port);
  return world;
}

std::optional<World> ReadWorld() {
  return ReadWorld([](const char* name) { return static_cast<const char*>(std::getenv(name)); });
}

std::string FirstHost(const std::string& list) {
  const size_t bracket = list.find('['), comma = list.find(',');
  if (bracket == std::string::npos || comma < bracket) return list.substr(0, comma);
  const size_t end = list.find_first_of(",-]", bracket + 1);
  const size_t close = list.find(']', bracket);
  if (end == std::string::npos || close == std::string::npos) return list;
  const size_t next = list.find(',', close);
  const std::string behind =
      list.substr(close + 1, next == std::string::npos ? next : next - close - 1);
  return list.substr(0, bracket) + list.substr(bracket + 1, end - bracket - 1) + behind;
}

}  // namespace seglab
