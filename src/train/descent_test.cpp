#include "train/descent.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "base/test_error.h"
#include "base/test_folder.h"
#include "base/test_log.h"
#include "data/test_dataset.h"
#include "models/test_models.h"
#include "train/test_training.h"
#include "weights/load.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

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
