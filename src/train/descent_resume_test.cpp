#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/signals.h"
#include "base/test_folder.h"
#include "train/descent.h"
#include "train/test_training.h"

// A training that is stopped or killed goes on as if nothing had happened.
namespace seglab {
namespace {

using testing::HasSubstr;

class InterruptedTraining : public testing::TestWithParam<std::string> {};

TEST_P(InterruptedTraining, GoesOnAsIfNothingHadHappened) {
  const TestFolder folder;
  const Outcome undisturbed = Finish(TinyJob(folder.File("undisturbed"), GetParam()));
  const std::string killed = folder.File("killed");
  const std::string last = JoinPath(killed, "last.safetensors");
  TrainUntilRead(TinyJob(killed, GetParam()), 3);  // in step 2: nothing was saved yet
  EXPECT_FALSE(FileExists(last));
  TrainUntilRead(TinyJob(killed, GetParam()), 9);  // in step 5: step 3 was saved, step 4 logged
  EXPECT_TRUE(FileExists(last));
  EXPECT_EQ(Metrics(killed).back()["iteration"], 4);
  TrainUntilRead(TinyJob(killed, GetParam()), 5);  // from step 4 on, in step 6
  EXPECT_EQ(Metrics(killed).back()["iteration"], 5);
  ExpectSame(undisturbed, Finish(TinyJob(killed, GetParam())));
}

TEST_P(InterruptedTraining, GoesOnFromACheckpointOfAnyStep) {
  const TestFolder folder;
  const Outcome undisturbed = Finish(TinyJob(folder.File("undisturbed"), GetParam()));
  for (int64_t steps = 1; steps < 8; ++steps) {
    TrainJob job = TinyJob(folder.File(std::to_string(steps)), GetParam());
    job.options.checkpoint_every = 1;
    TrainUntilRead(job, 2 * steps);
    // Weights that were not read from the checkpoint would show.
    TrainJob rest = TinyJob(job.folder, GetParam());
    rest.model = SeededModel(rest.model_spec, kShapesClasses, 99);
    ExpectSame(undisturbed, Finish(rest));
  }
}

TEST_P(InterruptedTraining, AHalfWrittenLineOfMetricsIsDropped) {
  const TestFolder folder;
  const Outcome undisturbed = Finish(TinyJob(folder.File("undisturbed"), GetParam()));
  const std::string killed = folder.File("killed");
  TrainUntilRead(TinyJob(killed, GetParam()), 9);
  const std::string metrics = JoinPath(killed, "metrics.jsonl");
  WriteFileAtomically(metrics, std::string_view(ReadFile(metrics) + "{\"iteration\":6,\"lo"));
  ExpectSame(undisturbed, Finish(TinyJob(killed, GetParam())));
}

INSTANTIATE_TEST_SUITE_P(Backbones, InterruptedTraining, testing::Values("vgg11", "vgg11_bn"));

/// With settings that keep something beside the weights.
class InterruptedState : public testing::TestWithParam<const char*> {
 protected:
  static TrainJob Job(const std::string& folder) {
    TrainJob job = TinyJob(folder, "vgg11_bn");
    const TrainOptions read = TrainOptions::FromJson(ParseJson(GetParam(), "test"), "train");
    job.options.optimizer = read.optimizer;
    job.options.schedule = read.schedule;
    job.options.ema = read.ema;
    job.options.lr = read.lr;
    return job;
  }
};

TEST_P(InterruptedState, GoesOnFromACheckpointOfAnyStep) {
  const TestFolder folder;
  const Outcome undisturbed = Finish(Job(folder.File("undisturbed")));
  for (const int64_t steps : {1, 4, 5, 7}) {
    TrainJob job = Job(folder.File(std::to_string(steps)));
    job.options.checkpoint_every = 1;
    TrainUntilRead(job, 2 * steps);
    TrainJob rest = Job(job.folder);
    rest.model = SeededModel(rest.model_spec, kShapesClasses, 99);
    ExpectSame(undisturbed, Finish(rest));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Ways, InterruptedState,
    testing::Values(
        R"({"optimizer": "adam", "schedule": "cosine"})",
        R"({"optimizer": {"name": "adamw", "amsgrad": true}, "ema": 0.99})",
        R"({"optimizer": "rmsprop", "schedule": {"name": "exponential", "step": 3}})",
        R"({"optimizer": {"name": "rmsprop", "momentum": 0.9, "centered": true, "eps": 1e-3}})",
        R"({"optimizer": "adadelta", "lr": 1, "ema": 0.5})", R"({"lr": 0.01, "ema": 0.9})"));

TEST(Train, AccumulatedStepsGoOnToo) {
  const TestFolder folder;
  const auto make = [&](const std::string& name) {
    TrainJob job = TinyJob(folder.File(name));
    job.options.batch = 1;
    job.options.accumulate = 3;
    job.options.schedule = ScheduleOptions::FromJson(Json("poly"), "schedule");
    job.options.momentum = 0.99;
    return job;
  };
  const Outcome undisturbed = Finish(make("undisturbed"));
  TrainUntilRead(make("killed"), 3 * 4 + 1);
  ExpectSame(undisturbed, Finish(make("killed")));
}

/// Trains in the folder until SIGTERM comes, while step 4 is read or else in the evaluation behind
/// step 5; ends this process as main() does.
void TrainUntilSignal(const std::string& folder, bool evaluating) {
  InstallStopHandlers();
  TrainJob job = TinyJob(folder);
  job.options.checkpoint_every = 1000;
  const int64_t last_read = evaluating ? 2 : 8;
  std::shared_ptr<const Dataset>& read_from = evaluating ? job.val : job.train;
  read_from = std::make_shared<HookedDataset>(read_from, [last_read](int64_t read, int64_t) {
    if (read == last_read) ::raise(SIGTERM);
  });
  try {
    Train(job);
  } catch (const Stopped& stopped) {
    std::cerr << stopped.what() << std::endl;
    ::_exit(128 + stopped.signal());
  }
  ::_exit(0);
}

void ExpectToGoOnAfterASignal(bool evaluating, const std::string& message) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  // The process that dies starts this test anew and must find the same folder.
  const char* const kName = "SEGLAB_TRAIN_DEATH_TEST";
  const char* inherited = ::getenv(kName);
  std::optional<TestFolder> own;
  if (inherited == nullptr) own.emplace();
  const std::string folder = inherited != nullptr ? inherited : own->path();
  ::setenv(kName, folder.c_str(), 1);
  const std::string stopped = JoinPath(folder, "stopped");
  EXPECT_EXIT(TrainUntilSignal(stopped, evaluating), testing::ExitedWithCode(128 + SIGTERM),
              message);
  ::unsetenv(kName);
  if (evaluating) {
    // The next life is killed behind the evaluation, before and after it has saved that.
    for (const bool saved : {false, true}) {
      const std::string last = JoinPath(stopped, "last.safetensors");
      const std::string before = ReadFile(last);
      TrainUntilRead(TinyJob(stopped), 1);
      if (!saved) WriteFileAtomically(last, before);
    }
  }
  ExpectSame(Finish(TinyJob(JoinPath(folder, "undisturbed"))), Finish(TinyJob(stopped)));
}

TEST(TrainDeathTest, StopsCleanlyAtASignalAndGoesOn) {
  ExpectToGoOnAfterASignal(/*evaluating=*/false, "tiny: stopped and saved at iteration 4");
}

TEST(TrainDeathTest, AStopInAnEvaluationLosesNothing) {
  ExpectToGoOnAfterASignal(/*evaluating=*/true, "tiny: stopped and saved at iteration 5");
}

TEST(Train, AFinishedTrainingReadsNothingAgain) {
  const TestFolder folder;
  const Outcome first = Finish(TinyJob(folder.path()));
  TrainJob again = TinyJob(folder.path());
  again.model = SeededModel(again.model_spec, kShapesClasses, 99);
  again.train = std::make_shared<HookedDataset>(
      again.train, [](int64_t, int64_t) { throw Error("was read again"); });
  const auto written = std::filesystem::last_write_time(folder.File("last.safetensors"));
  const Outcome second = Finish(again);
  ExpectSame(first, second);
  EXPECT_EQ(first.summary.seconds, second.summary.seconds);
  EXPECT_EQ(std::filesystem::last_write_time(folder.File("last.safetensors")), written);
}

TEST(Train, ACheckpointOfAnotherRunIsIgnored) {
  const TestFolder folder;
  const Outcome alone = Finish(TinyJob(folder.File("alone")));
  TrainJob other = TinyJob(folder.File("shared"));
  other.run_hash = "another hash";
  other.seed = 9;
  TrainUntilRead(other, 9);
  ExpectSame(alone, Finish(TinyJob(folder.File("shared"))));
}

TEST(Train, ABrokenCheckpointIsAnErrorThatNamesIt) {
  const TestFolder folder;
  TrainUntilRead(TinyJob(folder.path()), 9);
  const std::string last = folder.File("last.safetensors");
  std::filesystem::resize_file(last, std::filesystem::file_size(last) / 2);
  EXPECT_THAT(ErrorOf([&] { Train(TinyJob(folder.path())); }), HasSubstr(last));
}

}  // namespace
}  // namespace seglab
