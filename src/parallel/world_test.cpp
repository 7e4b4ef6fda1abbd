#include "parallel/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/test_error.h"

namespace seglab {
namespace {

using testing::HasSubstr;

std::function<const char*(const char*)> Of(const std::map<std::string, std::string>& variables) {
  return [variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    if (found == variables.end()) return nullptr;
    static std::map<std::string, std::string> kept;
    return (kept[name] = found->second).c_str();
  };
}

TEST(ReadWorld, OfTorchrun) {
  EXPECT_FALSE(ReadWorld(Of({})).has_value());
  const auto world = ReadWorld(Of({{"RANK", "3"},
                                   {"WORLD_SIZE", "8"},
                                   {"LOCAL_RANK", "1"},
                                   {"LOCAL_WORLD_SIZE", "2"},
                                   {"MASTER_ADDR", "node0"},
                                   {"MASTER_PORT", "1234"}}));
  ASSERT_TRUE(world.has_value());
  EXPECT_EQ(world->rank, 3);
  EXPECT_EQ(world->size, 8);
  EXPECT_EQ(world->local_rank, 1);
  EXPECT_EQ(world->local_size, 2);
  EXPECT_EQ(world->host, "node0");
  EXPECT_EQ(world->port, 1234);
}

TEST(ReadWorld, OfSlurm) {
  const std::map<std::string, std::string> task = {{"SLURM_PROCID", "5"},
                                                   {"SLURM_NTASKS", "60"},
                                                   {"SLURM_STEP_NUM_TASKS", "6"},
                                                   {"SLURM_STEP_TASKS_PER_NODE", "3(x2)"},
                                                   {"SLURM_LOCALID", "2"},
                                                   {"SLURM_JOB_ID", "71234"},
                                                   {"SLURM_STEP_NODELIST", "gpu[07-08]"}};
  const auto world = ReadWorld(Of(task));
  ASSERT_TRUE(world.has_value());
  EXPECT_EQ(world->rank, 5);
  EXPECT_EQ(world->local_rank, 2);
  EXPECT_EQ(world->host, "gpu07");
  EXPECT_EQ(world->port, 21234);
  std::map<std::string, std::string> script = task;
  script.erase("SLURM_STEP_NODELIST");
  EXPECT_FALSE(ReadWorld(Of(script)).has_value()) << "no srun started it";
  std::map<std::string, std::string> alone = task;
  alone["SLURM_STEP_NUM_TASKS"] = "1";
  EXPECT_FALSE(ReadWorld(Of(alone)).has_value());
}

TEST(ReadWorld, MistakesAreNamed) {
  EXPECT_THAT(ErrorOf([] { ReadWorld(Of({{"WORLD_SIZE", "2"}})); }), HasSubstr("RANK: is not set"));
  EXPECT_THAT(ErrorOf([] {
                ReadWorld(Of({{"WORLD_SIZE", "two"}, {"RANK", "0"}}));
              }),
              HasSubstr("WORLD_SIZE"));
  EXPECT_THAT(ErrorOf([] {
                ReadWorld(Of({{"WORLD_SIZE", "2"}, {"RANK", "2"}}));
              }),
              HasSubstr("must be below the number of processes, 2"));
}

TEST(FirstHost, OfSlurmsLists) {
  EXPECT_EQ(FirstHost("a1"), "a1");
  EXPECT_EQ(FirstHost("a1,b2"), "a1");
  EXPECT_EQ(FirstHost("node[03-05,7],b1"), "node03");
  EXPECT_EQ(FirstHost("x,node[1-2]"), "x");
  EXPECT_EQ(FirstHost("n[2,4]-ib"), "n2-ib");
}

}  // namespace
}  // namespace seglab
