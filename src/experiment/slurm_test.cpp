#include "experiment/slurm.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

PlannedRun Planned(const std::string& name, const std::string& init = "",
                   RunStatus status = RunStatus::kNew) {
  PlannedRun run;
  run.spec.name = name;
  run.spec.init_run = init;
  run.status = status;
  return run;
}

TEST(SlurmArrays, RunsThatStartFromTheSameRunAreOne) {
  const auto arrays = SlurmArrays(
      {Planned("A"), Planned("B", "A"), Planned("C", "A"), Planned("D"), Planned("E", "C")});
  ASSERT_EQ(arrays.size(), 3U);
  EXPECT_EQ(arrays[0].init, "");
  EXPECT_THAT(arrays[0].runs, ElementsAre("A", "D"));
  EXPECT_EQ(arrays[1].init, "A");
  EXPECT_THAT(arrays[1].runs, ElementsAre("B", "C"));
  EXPECT_EQ(arrays[2].init, "C");
  EXPECT_THAT(arrays[2].runs, ElementsAre("E"));
}

TEST(SlurmArrays, WhatIsFinishedOrHasFailedIsNotSubmitted) {
  std::vector<PlannedRun> plan = {Planned("A", "", RunStatus::kFinished), Planned("B", "A"),
                                  Planned("C"), Planned("D", "C")};
  plan[2].failure = "it broke";
  const auto arrays = SlurmArrays(plan);
  ASSERT_EQ(arrays.size(), 1U);
  EXPECT_EQ(arrays[0].init, "") << "A is there already";
  EXPECT_THAT(arrays[0].runs, ElementsAre("B"));
}

TEST(SlurmScript, MakesTheRunOfItsNumber) {
  SlurmOptions options;
  options.command = {"/opt/seglab", "run", "my file.json", "--out", "it's here"};
  const SlurmArray array = {"", {"A [lr=0.1]", "B"}};
  EXPECT_THAT(
      SlurmScript(options, array),
      AllOf(HasSubstr("/opt/seglab run 'my file.json' --out 'it'\\''s here' --only \"$run\" &"),
            HasSubstr("<< 'END OF RUNS'\nA [lr=0.1]\nB\nEND OF RUNS\n"),
            HasSubstr("kill -TERM $child' USR1"), Not(HasSubstr("srun"))));
  options.processes = 4;
  EXPECT_THAT(SlurmScript(options, array),
              AllOf(HasSubstr("\nsrun --kill-on-bad-exit=1 /opt/seglab run "),
                    HasSubstr("scancel --signal=TERM \"$SLURM_JOB_ID.0\"' USR1")));
}

}  // namespace
}  // namespace seglab
