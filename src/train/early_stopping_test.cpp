#include "train/early_stopping.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/signals.h"
#include "base/test_folder.h"
#include "base/test_log.h"
#include "train/test_training.h"

namespace seglab {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Validations in a row without a better score, after each of some scores.
std::vector<int64_t> Waited(const EarlyStoppingOptions& options,
                            const std::vector<double>& scores) {
  EarlyStoppingState state;
  std::vector<int64_t> waited;
  for (const double score : scores) {
    state.Add(score, options);
    waited.push_back(state.waited);
  }
  return waited;
}

TEST(EarlyStopping, CountsValidationsThatAreNoBetter) {
  using testing::ElementsAre;
  EXPECT_THAT(Waited({.patience = 2}, {0, 0, 0.1, 0.1, 0.05, 0.2}), ElementsAre(0, 1, 0, 1, 2, 0));
  EXPECT_THAT(Waited({.patience = 2, .min_delta = 0.1}, {0.0, 0.05, 0.11, 0.2, 0.22}),
              ElementsAre(0, 1, 0, 1, 0));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(Waited({.patience = 2}, {nan, 0.5, nan, 0.6}), ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(Waited({}, {0.5, 0.4}), ElementsAre(0, 0));
}

TEST(EarlyStopping, EndsWherePatienceDoes) {
  EarlyStoppingState state;
  state.waited = 2;
  EXPECT_TRUE(state.Ends({.patience = 2}));
  EXPECT_FALSE(state.Ends({.patience = 3}));
  EXPECT_FALSE(state.Ends({}));
}

/// Eight steps of which six are made: no score after the first is better by 1.
TrainJob EarlyJob(const std::string& folder) {
  TrainJob job = TinyJob(folder, "vgg11_bn");
  job.options.log_every = 4;
  job.options.eval_every = 2;
  job.options.early_stopping = {.patience = 2, .min_delta = 1};
  job.options.schedule = ScheduleOptions::FromJson(Json("poly"), "schedule");
  job.options.optimizer = "adam";
  job.options.lr = 1e-3;
  job.options.ema = 0.9;
  return job;
}

/// Neither the iteration at which a checkpoint is due nor what stands there is another's.
TrainJob WithoutEnd(TrainJob job) {
  job.options.early_stopping = {};
  return job;
}

TEST(EarlyStopping, EndsATrainingAsItsLastIterationWould) {
  const TestFolder folder;
  Outcome early;
  const std::string said = LogOf([&] { early = Finish(EarlyJob(folder.File("early"))); });
  EXPECT_THAT(said,
              HasSubstr("tiny: ends at iteration 6 of 8, since 2 validations were no better"));
  EXPECT_EQ(early.summary.iterations, 6);
  const Json state = ParseJson(early.last_metadata.at("state"), "state");
  EXPECT_EQ(state["finished"], true);
  EXPECT_EQ(state["iteration"], 6);
  EXPECT_EQ(state["loss_count"], 0) << "all was logged";

  // Up to there it is the whole training, whose rate it follows.
  const Outcome whole = Finish(WithoutEnd(EarlyJob(folder.File("whole"))));
  ASSERT_EQ(early.metrics.size(), 5u);
  for (size_t line = 0; line < 4; ++line) EXPECT_EQ(early.metrics[line], whole.metrics[line]);
  EXPECT_EQ(early.metrics[3]["iteration"], 6);
  EXPECT_TRUE(early.metrics[3].contains("mean_iou"));
  EXPECT_EQ(early.metrics[4]["iteration"], 6);
  EXPECT_NEAR(early.metrics[4]["lr"].get<double>(), 1e-3 * std::pow(1 - 5.0 / 8, 0.9), 1e-12);
  EXPECT_NE(Difference(early.weights, whole.weights), "");

  // A shorter training's at a rate that does not depend on where it ends.
  TrainJob shorter = WithoutEnd(EarlyJob(folder.File("shorter")));
  TrainJob fixed = EarlyJob(folder.File("fixed"));
  shorter.options.schedule = fixed.options.schedule = {};
  shorter.options.iterations = 6;
  EXPECT_EQ(Difference(Finish(shorter).weights, Finish(fixed).weights), "");
}

TEST(EarlyStopping, AtTheLastIterationNothingIsEarly) {
  const TestFolder folder;
  TrainJob job = EarlyJob(folder.File("patient"));
  job.options.eval_every = 4;
  job.options.early_stopping.patience = 1;
  const TrainJob without = [&] {
    TrainJob other = WithoutEnd(EarlyJob(folder.File("without")));
    other.options.eval_every = 4;
    return other;
  }();
  Outcome patient;
  EXPECT_THAT(LogOf([&] { patient = Finish(job); }), Not(HasSubstr("ends at iteration")));
  const Outcome other = Finish(without);
  EXPECT_EQ(Difference(patient.weights, other.weights), "");
  EXPECT_EQ(patient.metrics.dump(), other.metrics.dump());
  EXPECT_EQ(patient.summary.iterations, 8);
}

TEST(EarlyStopping, KilledAnywhereItEndsWhereItWouldHave) {
  const TestFolder folder;
  const Outcome undisturbed = Finish(EarlyJob(folder.File("undisturbed")));
  for (const int64_t every : {1, 3}) {  // the last one at the end itself, too
    for (int64_t steps = 1; steps < 6; ++steps) {
      TrainJob job = EarlyJob(folder.File(StrCat(every, "_", steps)));
      job.options.checkpoint_every = every;
      TrainUntilRead(job, 2 * steps);
      TrainJob rest = EarlyJob(job.folder);
      if (FileExists(JoinPath(job.folder, "last.safetensors")))
        rest.model = SeededModel(rest.model_spec, kShapesClasses, 99);
      ExpectSame(undisturbed, Finish(rest));
    }
  }
}

/// Trains until a stop comes in the validation that is the training's last.
std::string StopInTheLastValidation(const std::string& folder) {
  TrainJob job = EarlyJob(folder);
  job.val = std::make_shared<HookedDataset>(job.val, [](int64_t read, int64_t) {
    if (read == 8) throw Stopped(SIGTERM, "stop");
  });
  try {
    Train(job);
  } catch (const Stopped& stopped) {
    return stopped.what();
  }
  return "";
}

TEST(EarlyStopping, AStopInTheLastValidationLosesNothing) {
  const TestFolder folder;
  const Outcome undisturbed = Finish(EarlyJob(folder.File("undisturbed")));
  const std::string stopped = folder.File("stopped");
  EXPECT_THAT(StopInTheLastValidation(stopped), HasSubstr("stopped and saved at iteration 6"));
  ExpectSame(undisturbed, Finish(EarlyJob(stopped)));
}

TEST(EarlyStopping, KilledBetweenItsLastTwoCheckpointsItEndsAtOnce) {
  const TestFolder folder;
  const Outcome undisturbed = Finish(EarlyJob(folder.File("undisturbed")));
  const std::string killed = folder.File("killed");
  StopInTheLastValidation(killed);
  // What is saved when that validation is done.
  const std::string last = JoinPath(killed, "last.safetensors");
  TensorFile file = ReadSafetensors(last);
  Json state = ParseJson(file.metadata.at("state"), "state");
  state["evaluation_due"] = false;
  state["early_stopping"]["waited"] = 2;
  state["loss_sum"] = 0.0, state["loss_count"] = 0;
  file.metadata["state"] = state.dump();
  const std::string copy = last + ".copy";
  WriteSafetensors(copy, file.tensors, file.metadata);
  file = {};
  std::filesystem::rename(copy, last);
  TrainJob job = EarlyJob(killed);
  job.train = std::make_shared<HookedDataset>(
      job.train, [](int64_t, int64_t) { throw Error("was read again"); });
  job.options.threads = 0;
  const Outcome ended = Finish(job);
  EXPECT_EQ(Difference(undisturbed.last_file, ended.last_file), "");
  EXPECT_EQ(undisturbed.last_metadata, ended.last_metadata);
  EXPECT_EQ(ended.summary.iterations, 6);
}

}  // namespace
}  // namespace seglab
