#include "train/trial.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "base/test_error.h"
#include "data/test_dataset.h"
#include "models/test_models.h"
#include "nn/batch_norm.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// Scores at every pixel; remembers what it has seen and can be made to refuse.
class Watched : public SegModel {
 public:
  Watched() { scores_ = register_module("scores", torch::nn::Conv2d(3, 3, 1)); }
  SegOutput forward(const at::Tensor& image) override {
    seen.push_back(image.sizes().vec());
    TORCH_CHECK(image.size(2) >= least, "the map is too small");
    if (normalises) norm_(at::adaptive_avg_pool2d(scores_(image), {1, 1}));
    return {scores_(image)};
  }
  at::Tensor Features(const at::Tensor& image) override { return scores_(image); }

  std::vector<std::vector<int64_t>> seen;
  int64_t least = 1;
  bool normalises = false;  // a batch norm of one value an image

 private:
  torch::nn::Conv2d scores_{nullptr};
  BatchNorm2d norm_{3};
};

std::shared_ptr<MemoryDataset> Data(int height, int width, int images = 3) {
  std::vector<Sample> samples;
  for (int i = 0; i < images; ++i) {
    Sample sample;
    sample.name = StrCat("s", i);
    sample.image = cv::Mat(height, width, CV_8UC3, cv::Scalar(9, 99, 199));
    sample.image(cv::Rect(1, 1, 2, 2)).setTo(cv::Scalar(250, 20, 3));
    sample.truth.LabelMap() = cv::Mat(height, width, CV_8UC1, cv::Scalar(i % 3));
    samples.push_back(sample);
  }
  return std::make_shared<MemoryDataset>(samples, 3);
}

TrainJob Job(std::shared_ptr<SegModel> model, std::shared_ptr<const Dataset> data) {
  torch::manual_seed(5);
  TrainJob job;
  job.model = std::move(model);
  job.model_spec = TinySpec();
  job.train = std::move(data);
  job.options.batch = 4;
  job.title = "my run";
  return job;
}

TEST(TryTraining, LeavesTheWeightsAsTheyWere) {
  const TrainJob job = Job(SeededModel(TinySpec(), 3), Data(40, 50));
  const NamedTensors before = Snapshot(*job.model);
  TryTraining(job);
  EXPECT_EQ(Difference(before, Snapshot(*job.model)), "");
  for (const at::Tensor& parameter : job.model->parameters())
    EXPECT_FALSE(parameter.grad().defined());
}

TEST(TryTraining, SeesTheCornerOfTwoLargeImages) {
  const auto model = std::make_shared<Watched>();
  TryTraining(Job(model, Data(140, 300)));
  EXPECT_THAT(model->seen, ElementsAre(ElementsAre(2, 3, 129, 129)));
}

TEST(TryTraining, SeesTheWholeWhereTheCornerWillNotDo) {
  const auto model = std::make_shared<Watched>();
  model->least = 135;
  TryTraining(Job(model, Data(140, 300)));
  EXPECT_THAT(model->seen, ElementsAre(ElementsAre(2, 3, 129, 129), ElementsAre(2, 3, 140, 300)));
}

TEST(TryTraining, SaysWhatTheNetworkRefuses) {
  const auto model = std::make_shared<Watched>();
  model->least = 100;
  EXPECT_THAT(ErrorOf([&] { TryTraining(Job(model, Data(40, 50))); }),
              AllOf(HasSubstr("my run"), HasSubstr("40 x 50"), HasSubstr("the map is too small"),
                    HasSubstr("data.transforms")));
}

TEST(TryTraining, FindsABatchNormOfOneValue) {
  const auto model = std::make_shared<Watched>();
  model->normalises = true;
  TrainJob job = Job(model, Data(40, 50));
  TryTraining(job);
  job.options.batch = 1;
  EXPECT_THAT(ErrorOf([&] { TryTraining(job); }),
              AllOf(HasSubstr("my run"), HasSubstr("train.batch")));
}

TEST(TryTraining, FindsWeightsThatAreNotFinite) {
  const TrainJob job = Job(SeededModel(TinySpec(), 3), Data(40, 50));
  torch::NoGradGuard no_grad;
  job.model->parameters().back().fill_(std::numeric_limits<float>::quiet_NaN());
  const torch::AutoGradMode grad(true);
  EXPECT_THAT(ErrorOf([&] { TryTraining(job); }), HasSubstr("finite"));
}

TEST(TryTraining, FindsSamplesThatCannotBeRead) {
  const auto broken = std::make_shared<HookedDataset>(
      Data(40, 50), [](int64_t, int64_t index) { throw Error("file ", index, " is broken"); });
  EXPECT_THAT(ErrorOf([&] { TryTraining(Job(SeededModel(TinySpec(), 3), broken)); }),
              HasSubstr("is broken"));
}

TEST(TryTraining, FindsClassWeightsOfAnotherNumber) {
  TrainJob job = Job(SeededModel(TinySpec(), 3), Data(40, 50));
  job.options.loss = {{"name", "cross_entropy"}, {"class_weights", {1, 2}}};
  EXPECT_THAT(ErrorOf([&] { TryTraining(job); }), HasSubstr("class_weights"));
}

// Nobody goes over all data for a trial.
TEST(TryTraining, TakesWeightsThatAreNotCountedYet) {
  const auto data = std::make_shared<HookedDataset>(
      Data(40, 50, 30), [](int64_t read, int64_t) { EXPECT_LE(read, 2); });
  TrainJob job = Job(SeededModel(TinySpec(), 3), data);
  job.options.loss = {{"name", "focal"}, {"class_weights", "median_frequency"}};
  TryTraining(job);
}

TEST(TryTraining, FindsALossThatIsNotForTheNetwork) {
  TrainJob job = Job(std::make_shared<Watched>(), Data(40, 50));
  job.options.loss = {{"name", "border_cross_entropy"}, {"background", 3}};
  EXPECT_THAT(ErrorOf([&] { TryTraining(job); }), HasSubstr("background"));
}

}  // namespace
}  // namespace seglab
