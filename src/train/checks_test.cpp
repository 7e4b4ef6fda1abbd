#include "train/checks.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/test_error.h"
#include "base/test_folder.h"
#include "base/test_log.h"
#include "data/test_dataset.h"
#include "models/test_models.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A sample whose first pixels have these labels, the others the last of them.
Sample Labelled(const std::string& name, const std::vector<int>& labels) {
  Sample sample;
  sample.name = name;
  sample.image = cv::Mat(4, 5, CV_8UC3, cv::Scalar(1, 2, 3));
  sample.truth.LabelMap() = cv::Mat(4, 5, CV_8UC1, cv::Scalar(labels.back()));
  for (size_t i = 0; i < labels.size(); ++i) {
    sample.truth.LabelMap().at<uint8_t>(static_cast<int>(i / 5), static_cast<int>(i % 5)) =
        static_cast<uint8_t>(labels[i]);
  }
  return sample;
}

MemoryDataset Samples(const std::vector<std::vector<int>>& labels, int classes) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < labels.size(); ++i) samples.push_back(Labelled(StrCat("s", i), labels[i]));
  return MemoryDataset(samples, classes);
}

TEST(CheckDataset, IsSilentWhenAllIsWell) {
  const MemoryDataset dataset = Samples({{0, 1}, {2, 255}}, 3);
  EXPECT_EQ(LogOf([&] { CheckDataset(dataset, "data", -1, 1); }), "");
}

TEST(CheckDataset, WarnsOfSamplesWithoutALabel) {
  const MemoryDataset dataset = Samples({{0, 1}, {255}, {1}, {255}}, 2);
  EXPECT_THAT(LogOf([&] { CheckDataset(dataset, "my data", -1, 0); }),
              AllOf(HasSubstr("warning: my data: 2 of 4 "), HasSubstr("s1")));
}

TEST(CheckDataset, CountsAllSamplesWithoutALabel) {
  std::vector<std::vector<int>> labels(30, {255});
  labels.push_back({0});
  const MemoryDataset dataset = Samples(labels, 1);
  EXPECT_THAT(LogOf([&] { CheckDataset(dataset, "data", -1, 0); }), HasSubstr("30 of 31 "));
}

TEST(CheckDataset, WarnsOfClassesThatNeverOccur) {
  const MemoryDataset dataset = Samples({{0, 1}, {1, 255}}, 4);
  EXPECT_THAT(LogOf([&] { CheckDataset(dataset, "data", -1, 0); }),
              AllOf(HasSubstr("warning: data: 2 of 4 classes"), HasSubstr("class 2, class 3")));
}

TEST(CheckDataset, ALabelOutOfRangeIsAnErrorNamingTheSample) {
  const MemoryDataset dataset = Samples({{0, 1}, {0, 1}, {0, 1, 3}}, 2);
  const std::string error = ErrorOf([&] { CheckDataset(dataset, "data", -1, 0); });
  EXPECT_THAT(error,
              AllOf(HasSubstr("s2: label 3 at (2, 0)"), Not(HasSubstr("more such samples"))));
}

TEST(CheckDataset, CountsAllErrors) {
  std::vector<std::vector<int>> labels(30, {9});
  labels.push_back({0});
  const MemoryDataset dataset = Samples(labels, 1);
  EXPECT_THAT(ErrorOf([&] { CheckDataset(dataset, "data", -1, 2); }),
              AllOf(HasSubstr("s0: label 9"), HasSubstr("(and 29 more such samples)")));
}

TEST(CheckDataset, SizesThatDifferAndUnreadableFilesAreErrors) {
  Sample uneven = Labelled("uneven", {0});
  uneven.truth.LabelMap() = cv::Mat(4, 6, CV_8UC1, cv::Scalar(0));
  const MemoryDataset dataset({uneven}, 1);
  EXPECT_THAT(ErrorOf([&] { CheckDataset(dataset, "data", -1, 0); }),
              AllOf(HasSubstr("uneven"), HasSubstr("5x4"), HasSubstr("6x4")));

  const auto inner = std::make_shared<MemoryDataset>(Samples({{0}, {0}}, 1));
  const HookedDataset broken(inner, [](int64_t, int64_t index) {
    if (index == 1) throw Error("b.png: is truncated");
  });
  EXPECT_THAT(ErrorOf([&] { CheckDataset(broken, "data", -1, 0); }),
              HasSubstr("b.png: is truncated"));
}

TEST(CheckDataset, LooksAtAsManySamplesAsAskedForSpreadEvenly) {
  const auto inner =
      std::make_shared<MemoryDataset>(Samples(std::vector<std::vector<int>>(12, {0}), 1));
  std::mutex mutex;
  std::set<int64_t> seen;
  const HookedDataset dataset(inner, [&](int64_t, int64_t index) {
    std::lock_guard lock(mutex);
    seen.insert(index);
  });
  CheckDataset(dataset, "data", 0, 2);
  EXPECT_TRUE(seen.empty());
  CheckDataset(dataset, "data", 3, 2);
  EXPECT_THAT(seen, ElementsAre(0, 4, 8));
  for (int64_t samples : {int64_t{-1}, int64_t{12}, int64_t{1000}}) {
    seen.clear();
    CheckDataset(dataset, "data", samples, 2);
    EXPECT_EQ(seen.size(), 12u) << samples;
  }
}

Batch OneImage() {
  torch::manual_seed(1);
  Batch batch;
  batch.image = torch::randint(256, {2, 40, 32, 3}, at::TensorOptions().dtype(at::kByte));
  batch.label = torch::zeros({2, 40, 32}, at::TensorOptions().dtype(at::kByte));
  batch.names = {"one.jpg", "two.jpg"};
  batch.sizes.assign(2, {40, 32});
  return batch;
}

void Fill(torch::nn::Module& module, double value) {
  torch::NoGradGuard no_grad;
  for (at::Tensor& parameter : module.parameters()) parameter.fill_(value);
}

TEST(CheckTrunk, AFreshNetworkIsAlive) {
  for (const char* backbone : {"vgg11", "vgg11_bn"}) {
    const std::shared_ptr<SegModel> model = SeededModel(TinySpec("fcn32s", backbone), 3);
    const NamedTensors before = Snapshot(*model);
    EXPECT_EQ(ErrorOf([&] { CheckTrunk(*model, OneImage()); }), "");
    EXPECT_EQ(Difference(before, Snapshot(*model)), "") << backbone;
  }
}

TEST(CheckTrunk, ZeroWeightsAreDead) {
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 3);
  Fill(*model, 0);
  EXPECT_THAT(ErrorOf([&] { CheckTrunk(*model, OneImage()); }),
              AllOf(HasSubstr("dead"), HasSubstr("one.jpg")));
}

TEST(CheckTrunk, NanWeightsAreNotFinite) {
  for (const double value :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 3);
    Fill(*model, value);
    EXPECT_THAT(ErrorOf([&] { CheckTrunk(*model, OneImage()); }),
                AllOf(HasSubstr("not finite"), HasSubstr("one.jpg")));
  }
}

TEST(LossIsStuck, NearTheLogarithmOfTheClasses) {
  for (int classes : {2, 11, 21}) {
    const double guess = std::log(classes);
    EXPECT_TRUE(LossIsStuck(guess, classes));
    EXPECT_TRUE(LossIsStuck(1.004 * guess, classes));
    EXPECT_TRUE(LossIsStuck(0.996 * guess, classes));
    EXPECT_FALSE(LossIsStuck(1.006 * guess, classes));
    EXPECT_FALSE(LossIsStuck(0.994 * guess, classes));
    EXPECT_FALSE(LossIsStuck(0, classes));
  }
}

}  // namespace
}  // namespace seglab
