#include "experiment/run_queue.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/files.h"
#include "base/test_error.h"
#include "base/test_folder.h"
#include "experiment/failures.h"
#include "experiment/run_folder.h"
#include "experiment/test_resolve.h"

namespace seglab {
namespace {

using testing::HasSubstr;
using Answer = RunQueue::Answer;

/// A; B and C, which start from A; D.
class RunQueueTest : public testing::Test {
 protected:
  std::vector<PlannedRun> Plan() {
    const Json root = ParseJson(R"({
      "model": {"name": "fcn32s", "backbone": {"name": "vgg11", "width": 0.0625, "fc6_kernel": 3}},
      "data": {"name": "shapes", "height": 32, "width": 32, "train": {"split": "train", "size": 4},
               "val": {"split": "val", "size": 2}},
      "train": {"iterations": 2, "batch": 1, "lr": 0.01},
      "runs": [{"name": "A"}, {"name": "B", "init": "A"}, {"name": "C", "init": "A", "seed": 3},
               {"name": "D", "seed": 2}]})",
                                "queue.json");
    ContentHashes hashes;
    return MakePlan(ResolveExperiment(root, "queue.json", "queue", {}, ""), folder_.path(), hashes);
  }

  static void Finish(const PlannedRun& run) {
    StoredResult result;
    result.hash = run.identity.hash;
    for (const auto& [name, hash] : run.identity.evaluations)
      result.evaluations[name] = {{"identity", hash}};
    WriteStoredResult(run.folder, result);
  }

  TestFolder folder_;
};

TEST_F(RunQueueTest, TheOrderOfThePlanAndOfWhatStartsWhat) {
  auto plan = Plan(), plan_of_other = Plan();
  RunQueue one(plan, folder_.path(), ""), other(plan_of_other, folder_.path(), "");
  ASSERT_EQ(one.Next(), Answer::kTaken);
  EXPECT_EQ(one.run().spec.name, "A");
  ASSERT_EQ(other.Next(), Answer::kTaken);
  EXPECT_EQ(other.run().spec.name, "D") << "B and C wait for A";
  Finish(one.run());
  one.Release();
  ASSERT_EQ(one.Next(), Answer::kTaken);
  EXPECT_EQ(one.run().spec.name, "B");
  Finish(other.run());
  other.Release();
  ASSERT_EQ(other.Next(), Answer::kTaken);
  EXPECT_EQ(other.run().spec.name, "C");
  Finish(other.run());
  other.Release();
  EXPECT_EQ(other.Next(), Answer::kWait);
  EXPECT_THAT(other.waits_for(), HasSubstr("B (process "));
  Finish(one.run());
  one.Release();
  EXPECT_EQ(other.Next(), Answer::kDone);
  EXPECT_EQ(one.Next(), Answer::kDone);
  for (const PlannedRun& run : plan) {
    EXPECT_EQ(run.status, RunStatus::kFinished) << run.spec.name;
    EXPECT_FALSE(FileExists(JoinPath(run.folder, "claim.1"))) << run.spec.name;
  }
}

TEST_F(RunQueueTest, WhatStartsFromAFailedRunIsLeftOut) {
  auto plan = Plan();
  RunQueue queue(plan, folder_.path(), "");
  ASSERT_EQ(queue.Next(), Answer::kTaken);
  KeepFailure(queue.run(), "it broke");
  queue.run().failure = "it broke";
  queue.Release();
  ASSERT_EQ(queue.Next(), Answer::kTaken);
  EXPECT_EQ(queue.run().spec.name, "D");
  Finish(queue.run());
  queue.Release();
  EXPECT_EQ(queue.Next(), Answer::kDone);
}

TEST_F(RunQueueTest, ARunThatIsGivenUpComesAgain) {
  auto plan = Plan();
  RunQueue queue(plan, folder_.path(), "");
  ASSERT_EQ(queue.Next(), Answer::kTaken);
  queue.PutOff("another program is at work there");
  EXPECT_EQ(queue.waits_for(), "another program is at work there");
  ASSERT_EQ(queue.Next(), Answer::kTaken);
  EXPECT_EQ(queue.run().spec.name, "A");
}

TEST_F(RunQueueTest, OnlyOne) {
  auto plan = Plan();
  RunQueue queue(plan, folder_.path(), "B");
  EXPECT_THAT(ErrorOf([&] { queue.Next(); }), HasSubstr("starts from A"));
  RunQueue maker(plan, folder_.path(), "A");
  ASSERT_EQ(maker.Next(), Answer::kTaken);
  auto plan_of_other = Plan();
  RunQueue other(plan_of_other, folder_.path(), "B");
  EXPECT_EQ(other.Next(), Answer::kWait) << "A is being made";
  Finish(maker.run());
  maker.Release();
  EXPECT_EQ(maker.Next(), Answer::kDone);
  ASSERT_EQ(other.Next(), Answer::kTaken);
  EXPECT_EQ(other.run().spec.name, "B");
}

}  // namespace
}  // namespace seglab
