#include "train/median_frequency.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <cstdlib>
#include <filesystem>

#include "base/test_error.h"
#include "base/test_log.h"
#include "data/camvid.h"
#include "losses/loss.h"
#include "train/test_training.h"

namespace seglab {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;

/// A sample of one row of labels.
Sample RowOfLabels(const std::vector<int>& labels) {
  Sample sample;
  sample.name = StrCat("labels from ", labels.front());
  const int width = static_cast<int>(labels.size());
  sample.image = cv::Mat(1, width, CV_8UC3, cv::Scalar(1, 2, 3));
  sample.truth.LabelMap() = cv::Mat(1, width, CV_8UC1);
  for (int x = 0; x < width; ++x)
    sample.truth.LabelMap().at<uint8_t>(0, x) = static_cast<uint8_t>(labels[x]);
  return sample;
}

Sample OfCategory(int index) {
  Sample sample;
  sample.name = "category";
  sample.image = cv::Mat(2, 2, CV_8UC3, cv::Scalar(1, 2, 3));
  sample.truth = Category{index};
  return sample;
}

/// Class 3 never occurs; f = 5/7, 2/7, 2/2 of 7, 7 and 2 pixels around.
std::shared_ptr<const Dataset> ThreeOfFour() {
  return std::make_shared<MemoryDataset>(
      std::vector<Sample>{RowOfLabels({0, 0, 0, 1, 255}), RowOfLabels({0, 1, 0}),
                          RowOfLabels({2, 2, 255, 255}), RowOfLabels({255, 255})},
      4);
}

TrainJob JobOf(std::shared_ptr<const Dataset> data, const Json& loss) {
  TrainJob job;
  job.train = std::move(data);
  job.options.loss = loss;
  job.options.threads = 0;
  job.title = "my run";
  return job;
}

TEST(CountClasses, OwnPixelsAndThoseAround) {
  for (const int threads : {0, 3}) {
    const ClassFrequencies counts = CountClasses(ThreeOfFour(), threads, "test");
    EXPECT_THAT(counts.own, ElementsAre(5, 2, 2, 0));
    EXPECT_THAT(counts.around, ElementsAre(7, 7, 2, 0));
  }
}

TEST(CountClasses, OfCategoriesImages) {
  const auto data = std::make_shared<MemoryDataset>(
      std::vector<Sample>{OfCategory(0), OfCategory(2), OfCategory(0), OfCategory(0)}, 3);
  const ClassFrequencies counts = CountClasses(data, 0, "test");
  EXPECT_THAT(counts.own, ElementsAre(3, 0, 1));
  EXPECT_THAT(counts.around, ElementsAre(4, 4, 4));
  // The median of 3/4 and 1/4 is 1/2.
  EXPECT_THAT(MedianFrequencyWeights(counts),
              ElementsAre(DoubleNear(2.0 / 3, 1e-12), 0, DoubleNear(2, 1e-12)));
}

TEST(CountClasses, LabelsBeyondTheClassesAreErrors) {
  EXPECT_THAT(ErrorOf([] {
                CountClasses(
                    std::make_shared<MemoryDataset>(std::vector<Sample>{RowOfLabels({7})}, 4), 0,
                    "test");
              }),
              HasSubstr("labels from 7: label 7 is out of range, there are 4 classes"));
  EXPECT_THAT(ErrorOf([] {
                CountClasses(std::make_shared<MemoryDataset>(std::vector<Sample>{OfCategory(4)}, 4),
                             0, "test");
              }),
              HasSubstr("category 4 is out of range"));
}

TEST(MedianFrequencyWeights, AreTheMedianOverEachFrequency) {
  const auto weights = MedianFrequencyWeights({{5, 2, 2, 0}, {7, 7, 2, 0}});
  EXPECT_THAT(weights, ElementsAre(DoubleNear(1, 1e-12), DoubleNear(2.5, 1e-12),
                                   DoubleNear(5.0 / 7, 1e-12), 0));
  EXPECT_THAT(ErrorOf([] {
                MedianFrequencyWeights({{0, 0}, {0, 0}});
              }),
              HasSubstr("no labelled pixel"));
}

// Counted apart with NumPy.
TEST(MedianFrequencyWeights, OfCamvid) {
  const char* shared = std::getenv("SEGLAB_SHARED");
  CamvidOptions options;
  options.root = std::string(shared != nullptr ? shared : "../shared") + "/data/camvid";
  if (!std::filesystem::exists(options.root)) GTEST_SKIP() << "no " << options.root;
  const std::vector<double> expected = {0.2794, 0.2018, 4.7889, 0.1491, 1,     0.4235,
                                        3.8464, 1.9798, 0.789,  6.3847, 8.8193};
  const auto weights = MedianFrequencyWeights(CountClasses(MakeCamvid(options), -1, "CamVid"));
  ASSERT_EQ(weights.size(), expected.size());
  for (size_t c = 0; c < expected.size(); ++c) EXPECT_NEAR(weights[c], expected[c], 5.1e-5) << c;
}

TEST(LossWithCountedWeights, PutsNumbersWhereItIsAsked) {
  const Json loss = ParseJson(R"({"name": "sum", "losses": [
      {"name": "cross_entropy", "class_weights": "median_frequency"}, "dice",
      {"name": "focal", "class_weights": [1, 1, 1, 1]},
      {"name": "sum", "losses": [{"class_weights": "median_frequency", "weight": 2}]}]})",
                              "test");
  const TrainJob job = JobOf(ThreeOfFour(), loss);
  Json counted;
  const std::string log = LogOf([&] { counted = LossWithCountedWeights(job); });
  EXPECT_THAT(log, HasSubstr("my run: class weights by median frequency: class 0 1, class 1 2.5, "
                             "class 2 0.7143, class 3 0"));
  const auto own = counted["losses"][0]["class_weights"].get<std::vector<double>>();
  EXPECT_THAT(own, ElementsAre(DoubleNear(1, 1e-12), DoubleNear(2.5, 1e-12),
                               DoubleNear(5.0 / 7, 1e-12), 0));
  EXPECT_EQ(counted["losses"][3]["losses"][0]["class_weights"].get<std::vector<double>>(), own);
  EXPECT_EQ(counted["losses"][2]["class_weights"], Json({1, 1, 1, 1}));
  EXPECT_EQ(counted["losses"][1], "dice");
  EXPECT_NE(MakeLoss(counted, 4, "loss"), nullptr);
  EXPECT_NE(MakeLoss(LossWithoutCounting(loss), 4, "loss"), nullptr);
  EXPECT_EQ(LossWithoutCounting(loss)["losses"][3]["losses"][0], Json({{"weight", 2}}));
}

TEST(LossWithCountedWeights, OthersDoNotLookAtTheData) {
  const auto unread = std::make_shared<HookedDataset>(
      ThreeOfFour(), [](int64_t, int64_t) { FAIL() << "nobody asked"; });
  for (const char* text : {R"("dice")", "{}", R"({"class_weights": [1, 2, 3, 4]})"}) {
    const Json loss = ParseJson(text, "test");
    EXPECT_EQ(LossWithCountedWeights(JobOf(unread, loss)), loss);
    EXPECT_EQ(LossWithoutCounting(loss), loss);
  }
}

// The counts of a life that goes on are those of the first one.
TEST(LossWithCountedWeights, TrainsAndGoesOn) {
  const TestFolder folder;
  const Json loss = {{"name", "cross_entropy"}, {"class_weights", "median_frequency"}};
  TrainJob whole = TinyJob(folder.File("whole")), parts = TinyJob(folder.File("parts"));
  whole.options.loss = parts.options.loss = loss;
  const Outcome one = Finish(whole);
  // Behind the 12 samples that are counted, 7 of training.
  TrainUntilRead(parts, 12 + 7);
  TrainJob again = TinyJob(folder.File("parts"));
  again.options.loss = loss;
  ExpectSame(Finish(again), one);
}

}  // namespace
}  // namespace seglab
