#include "train/descent.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>
#include <torch/torch.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/signals.h"
#include "base/test_error.h"
#include "base/test_folder.h"
#include "base/test_log.h"
#include "data/shapes/shapes.h"
#include "data/test_dataset.h"
#include "models/test_models.h"
#include "train/recipe.h"
#include "weights/load.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr int kShapesClasses = 11;

std::shared_ptr<const Dataset> Shapes(const std::string& split, int64_t size) {
  ShapesOptions options;
  options.split = split;
  options.size = size;
  options.height = 48;
  options.width = 40;
  return MakeShapes(options);
}

/// Eight steps with everything that draws random numbers: order, flips, crops, dropout.
TrainJob TinyJob(const std::string& folder, const std::string& backbone = "vgg11") {
  MakeFolders(folder);
  TrainJob job;
  job.model_spec = TinySpec("fcn8s", backbone);
  job.model = SeededModel(job.model_spec, kShapesClasses);
  job.train = Shapes("train", 12);
  job.val = Shapes("val", 3);
  const Json transforms = ParseJson(
      R"([{"name": "flip"}, {"name": "random_crop", "height": 32, "width": 32}])", "test");
  job.transforms = MakeTransforms(transforms, job.model->preprocessing.FillColor(), "transforms");
  job.options.iterations = 8;
  job.options.batch = 2;
  job.options.lr = 0.01;
  job.options.threads = 0;
  job.options.log_every = 2;
  job.options.eval_every = 5;
  job.options.checkpoint_every = 3;
  job.seed = 3;
  job.folder = folder;
  job.run_hash = "hash of this run";
  job.title = "tiny";
  return job;
}

/// metrics.jsonl without what depends on the clock.
Json Metrics(const std::string& folder) {
  Json lines = Json::array();
  for (const std::string& text : ReadLines(JoinPath(folder, "metrics.jsonl"))) {
    Json line = ParseJson(text, "metrics.jsonl");
    for (const char* key : {"images_per_second", "wait", "seconds"}) line.erase(key);
    lines.push_back(line);
  }
  return lines;
}

/// What a finished training leaves behind.
struct Outcome {
  NamedTensors weights, last_file, best_file;
  std::map<std::string, std::string> last_metadata, best_metadata;
  Json metrics;
  TrainSummary summary;
};

/// A checkpoint's metadata without what depends on the clock.
std::map<std::string, std::string> Timeless(std::map<std::string, std::string> metadata) {
  Json state = ParseJson(metadata.at("state"), "state");
  state.erase("seconds");
  metadata["state"] = state.dump();
  return metadata;
}

Outcome Finish(const TrainJob& job) {
  Outcome outcome;
  outcome.summary = Train(job);
  outcome.weights = Snapshot(*job.model);
  const TensorFile last = ReadSafetensors(JoinPath(job.folder, "last.safetensors"));
  EXPECT_EQ(last.tensors.size(), outcome.weights.size()) << "a finished training needs no momentum";
  outcome.last_file = last.tensors;
  outcome.last_metadata = Timeless(last.metadata);
  const std::string best = JoinPath(job.folder, "best.safetensors");
  if (FileExists(best)) {
    const TensorFile file = ReadSafetensors(best);
    outcome.best_file = file.tensors;
    outcome.best_metadata = Timeless(file.metadata);
  }
  outcome.metrics = Metrics(job.folder);
  return outcome;
}

void ExpectSame(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(Difference(a.weights, b.weights), "");
  EXPECT_EQ(Difference(a.last_file, b.last_file), "");
  EXPECT_EQ(Difference(a.best_file, b.best_file), "");
  EXPECT_EQ(a.last_metadata, b.last_metadata);
  EXPECT_EQ(a.best_metadata, b.best_metadata);
  EXPECT_EQ(a.metrics.dump(), b.metrics.dump());
  EXPECT_EQ(a.summary.iterations, b.summary.iterations);
  EXPECT_EQ(a.summary.best_score, b.summary.best_score);
  EXPECT_EQ(a.summary.best_iteration, b.summary.best_iteration);
}

/// Trains with data that break off behind `reads` samples. What this leaves in the folder is what a
/// process leaves that was killed there: nothing is saved on the way out.
void TrainUntilRead(TrainJob job, int64_t reads) {
  job.train = std::make_shared<HookedDataset>(job.train, [reads](int64_t read, int64_t) {
    if (read > reads) throw Error("killed");
  });
  EXPECT_EQ(ErrorOf([&] { Train(job); }), "killed");
}

TEST(Train, TheSameJobGivesTheSameBits) {
  const TestFolder folder;
  const TrainJob job = TinyJob(folder.File("one"));
  const NamedTensors fresh = Snapshot(*job.model);
  const Outcome one = Finish(job);
  ExpectSame(one, Finish(TinyJob(folder.File("two"))));

  EXPECT_NE(Difference(fresh, one.weights), "");
  EXPECT_EQ(one.summary.iterations, 8);
  EXPECT_GT(one.summary.seconds, 0);
  // Log lines at 2, 4, 6, 8 and evaluations at 5 and 8.
  ASSERT_EQ(one.metrics.size(), 6u);
  for (const auto& [line, iteration] :
       std::vector<std::pair<int, int>>{{0, 2}, {2, 5}, {4, 8}, {5, 8}}) {
    EXPECT_EQ(one.metrics[line]["iteration"], iteration);
  }
  EXPECT_TRUE(one.metrics[2].contains("mean_iou"));
  EXPECT_TRUE(one.metrics[4].contains("loss"));

  TrainJob other = TinyJob(folder.File("three"));
  other.seed = 4;
  EXPECT_NE(Difference(one.weights, Finish(other).weights), "");
}

TEST(Train, LoaderThreadsChangeNothing) {
  const TestFolder folder;
  const Outcome none = Finish(TinyJob(folder.File("0")));
  for (int threads : {1, 4}) {
    TrainJob job = TinyJob(folder.File(std::to_string(threads)));
    job.options.threads = threads;
    ExpectSame(none, Finish(job));
  }
}

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

TEST(Train, KeepsTheBestNetwork) {
  const TestFolder folder;
  TrainJob job = TinyJob(folder.path());
  job.options.eval_every = 2;
  const Outcome outcome = Finish(job);
  double best = -1;
  int64_t best_iteration = 0;
  for (const Json& line : outcome.metrics) {
    if (!line.contains("mean_iou") || line["mean_iou"].get<double>() <= best) continue;
    best = line["mean_iou"].get<double>();
    best_iteration = line["iteration"].get<int64_t>();
  }
  EXPECT_EQ(outcome.summary.best_score, best);
  EXPECT_EQ(outcome.summary.best_iteration, best_iteration);
  const LoadedModel loaded = LoadModelFile(folder.path());
  EXPECT_EQ(loaded.path, folder.File("best.safetensors"));
  EXPECT_EQ(loaded.labels.names, ShapesLabels().names);
  // At a fixed rate a shorter training ends where a longer one passes.
  TrainJob shorter = TinyJob(folder.File("shorter"));
  shorter.options.iterations = best_iteration;
  EXPECT_EQ(Difference(outcome.best_file, Finish(shorter).last_file), "");
}

TEST(Train, ALossThatIsNotFiniteEndsItAndTheLastGoodCheckpointStays) {
  for (const int64_t checkpoint_every : {int64_t{1000}, int64_t{1}}) {
    const TestFolder folder;
    TrainJob job = TinyJob(folder.path());
    job.options.eval_every = 0, job.options.log_every = 1;
    TrainUntilRead(job, 7);  // step 3 was saved
    const std::string last = folder.File("last.safetensors");
    EXPECT_TRUE(AllFinite(ReadSafetensors(last).tensors));

    TrainJob wild = TinyJob(folder.path());
    wild.options.eval_every = 0, wild.options.log_every = 1;
    wild.options.checkpoint_every = checkpoint_every;
    wild.options.lr = 1e38;
    const std::string error = ErrorOf([&] { Train(wild); });
    EXPECT_THAT(error, AllOf(HasSubstr("tiny: "), HasSubstr("no longer finite"),
                             HasSubstr("train.lr"), Not(HasSubstr("\n"))));
    EXPECT_TRUE(AllFinite(ReadSafetensors(last).tensors))
        << "checkpoint_every " << checkpoint_every;
  }
}

TEST(Train, DeadWeightsAreFoundBeforeTheFirstStep) {
  const TestFolder folder;
  TrainJob job = TinyJob(folder.path());
  {
    torch::NoGradGuard no_grad;
    for (at::Tensor& parameter : job.model->parameters()) parameter.zero_();
  }
  EXPECT_THAT(ErrorOf([&] { Train(job); }), HasSubstr("dead"));
  EXPECT_FALSE(FileExists(folder.File("last.safetensors")));
}

/// Dark pictures with a bright corner: class 1, a tenth of the pixels.
std::shared_ptr<const Dataset> Corners() {
  std::vector<Sample> samples;
  for (int i = 0; i < 4; ++i) {
    Sample sample;
    sample.name = std::to_string(i);
    sample.image = cv::Mat(32, 32, CV_8UC3, cv::Scalar(30, 40, 20 + i));
    sample.truth.LabelMap() = cv::Mat(32, 32, CV_8UC1, cv::Scalar(0));
    for (int y = 0; y < 10; ++y) {
      for (int x = 0; x < 10; ++x) {
        sample.image.at<cv::Vec3b>(y, x) = cv::Vec3b(240, 230, 250);
        sample.truth.LabelMap().at<uint8_t>(y, x) = 1;
      }
    }
    samples.push_back(sample);
  }
  return std::make_shared<MemoryDataset>(samples, 2);
}

TEST(Train, TheLossOfASimpleProblemFalls) {
  const TestFolder folder;
  TrainJob job = TinyJob(folder.path());
  job.model = SeededModel(job.model_spec, 2);
  job.train = Corners();
  job.transforms.clear();
  job.options.iterations = 30;
  job.options.log_every = 1;
  job.options.eval_every = 0;
  job.options.lr = 0.005;
  const Json metrics = Finish(job).metrics;
  ASSERT_EQ(metrics.size(), 30u);
  const double first = metrics.front()["loss"].get<double>(),
               last = metrics.back()["loss"].get<double>();
  EXPECT_NEAR(first, std::log(2.0), 1e-4);  // score layers start at zero
  EXPECT_LT(last, 0.7 * first);
}

TEST(Train, TheLoggedLossIsTheMeanOverPixelsForBothReductions) {
  const TestFolder folder;
  for (const char* reduction : {"mean", "sum"}) {
    TrainJob job = TinyJob(folder.File(reduction));
    job.options.iterations = job.options.log_every = 3;
    job.options.eval_every = 0;
    job.options.lr = 0;
    job.options.loss["reduction"] = reduction;
    EXPECT_NEAR(Finish(job).metrics[0]["loss"].get<double>(), std::log(kShapesClasses), 1e-4)
        << reduction;
  }
}

TEST(Train, WarnsOfALossThatDoesNotMove) {
  const TestFolder folder;
  const auto said = [&](double lr) {
    TrainJob job = TinyJob(folder.File(std::to_string(lr)));
    job.options.iterations = 12, job.options.eval_every = 0;
    job.options.lr = lr;
    return LogOf([&] { Train(job); });
  };
  EXPECT_THAT(said(0), AllOf(HasSubstr("warning: tiny: "), HasSubstr("ln(11)")));
  EXPECT_THAT(said(0.01), Not(HasSubstr("ln(11)")));
}

TEST(Train, Bfloat16GivesFiniteLosses) {
  const TestFolder folder;
  TrainJob job = TinyJob(folder.path());
  job.options.iterations = job.options.eval_every = 4;
  job.options.log_every = 1;
  job.options.precision = Precision::kBfloat16;
  const Outcome outcome = Finish(job);
  int losses = 0;
  for (const Json& line : outcome.metrics) {
    if (!line.contains("loss")) continue;
    EXPECT_TRUE(std::isfinite(line["loss"].get<double>()));
    ++losses;
  }
  EXPECT_EQ(losses, 4);
  EXPECT_TRUE(AllFinite(outcome.weights));
  for (const auto& item : outcome.weights)
    EXPECT_NE(item.second.scalar_type(), at::kBFloat16) << item.first;
}

TEST(Train, OnlyLeavesTheTrunkAsItIs) {
  const TestFolder folder;
  TrainJob job = TinyJob(folder.path(), "vgg11_bn");
  job.options.only = {"score_fr", "score_pool4", "score_pool3"};
  job.options.freeze_bn = true;
  const NamedTensors before = Snapshot(*job.model);
  const NamedTensors after = Finish(job).weights;
  EXPECT_EQ(Difference(Below(before, "backbone"), Below(after, "backbone")), "");
  EXPECT_NE(Difference(Below(before, "score_fr"), Below(after, "score_fr")), "");
  EXPECT_NE(Difference(Below(before, "score_pool3"), Below(after, "score_pool3")), "");
}

TEST(Train, FrozenBatchNormKeepsItsStatistics) {
  const TestFolder folder;
  for (const bool frozen : {true, false}) {
    TrainJob job = TinyJob(folder.File(frozen ? "frozen" : "free"), "vgg11_bn");
    job.options.freeze_bn = frozen;
    job.options.iterations = 2;
    const std::string name = "backbone.features.1.running_mean";
    const NamedTensors before = Below(Snapshot(*job.model), name);
    ASSERT_EQ(before.size(), 1u);
    EXPECT_EQ(Difference(before, Below(Finish(job).weights, name)), frozen ? "" : name);
  }
}

}  // namespace
}  // namespace seglab
