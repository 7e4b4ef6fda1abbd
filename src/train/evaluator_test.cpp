#include "train/evaluator.h"

#include <gmock/gmock.h>
#include <torch/torch.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "train/test_training.h"

namespace seglab {
namespace {

using testing::HasSubstr;

/// Takes each pixel for the class whose red value, 100 * class, is nearest.
class RedModel : public SegModel {
 public:
  explicit RedModel(int classes) : classes_(classes) {
    preprocessing.channel_order = "RGB";
    preprocessing.scale = 1;
    preprocessing.mean = {0, 0, 0};
    preprocessing.std = {1, 1, 1};
  }

  SegOutput forward(const at::Tensor& image) override {
    const at::Tensor reds = torch::arange(classes_, image.options()).mul(100).view({1, -1, 1, 1});
    const at::Tensor distance = (Features(image) - reds).pow(2);
    return {distance.neg(), {}};
  }
  at::Tensor Features(const at::Tensor& image) override { return image.slice(1, 0, 1); }

 private:
  int64_t classes_;
};

/// The same for whole pictures.
class RedClassifier : public RedModel {
 public:
  using RedModel::RedModel;
  SegOutput forward(const at::Tensor& image) override {
    return {RedModel::forward(image).logits.mean({2, 3}), {}};
  }
};

/// A sample of height x width from red values and labels, row by row.
Sample RedSample(const std::string& name, int height, int width, const std::vector<int>& reds,
                 const std::vector<int>& labels) {
  Sample sample;
  sample.name = name;
  sample.image = cv::Mat(height, width, CV_8UC3);
  sample.label = cv::Mat(height, width, CV_8UC1);
  for (int i = 0; i < height * width; ++i) {
    sample.image.at<cv::Vec3b>(i / width, i % width) =
        cv::Vec3b(static_cast<uint8_t>(reds[i]), 9, 9);
    sample.label.at<uint8_t>(i / width, i % width) = static_cast<uint8_t>(labels[i]);
  }
  return sample;
}

Sample RedPicture(const std::string& name, int red, int category) {
  Sample sample = RedSample(name, 2, 2, {red, red, red, red}, {0, 0, 0, 0});
  sample.label = cv::Mat();
  sample.category = category;
  return sample;
}

EvalOptions Quiet(int threads = 0) {
  EvalOptions options;
  options.threads = threads;
  options.title = "";
  return options;
}

TEST(Evaluate, CountsImagesOfDifferentSizes) {
  const std::vector<Sample> samples = {
      RedSample("a", 2, 3, {0, 100, 200, 0, 0, 100}, {0, 1, 1, 2, 255, 1}),
      RedSample("b", 1, 2, {200, 200}, {2, 0}),
      RedSample("c", 4, 1, {190, 60, 40, 0}, {2, 1, 0, 255}),
  };
  const auto dataset = std::make_shared<MemoryDataset>(samples, 3);
  for (int threads : {0, 1, 3}) {
    RedModel model(3);
    const EvalResult result = Evaluate(model, dataset, Quiet(threads));
    const std::vector<int64_t> expected = {2, 0, 1, 0, 3, 1, 1, 0, 2};  // a row per true class
    EXPECT_EQ(result.matrix.counts(), expected) << threads;
    EXPECT_EQ(result.images, 3);
    EXPECT_GE(result.seconds, result.wait_seconds);
    EXPECT_FALSE(model.is_training());
  }
}

TEST(Evaluate, CountsPicturesOfAClassification) {
  const std::vector<Sample> samples = {RedPicture("a", 0, 0), RedPicture("b", 100, 1),
                                       RedPicture("c", 110, 1), RedPicture("d", 200, 0)};
  RedClassifier model(3);
  const EvalResult result = Evaluate(model, std::make_shared<MemoryDataset>(samples, 3), Quiet());
  EXPECT_EQ(result.matrix.counts(), (std::vector<int64_t>{1, 0, 1, 0, 2, 0, 0, 0, 0}));
  EXPECT_EQ(result.images, 4);
}

TEST(Evaluate, AClassThatTheDataDoesNotHaveIsAnErrorNamingTheSample) {
  const std::vector<Sample> samples = {RedSample("fine", 1, 2, {0, 100}, {0, 1}),
                                       RedSample("beyond", 1, 2, {0, 200}, {0, 1})};
  RedModel model(3);
  const std::string error =
      ErrorOf([&] { Evaluate(model, std::make_shared<MemoryDataset>(samples, 2), Quiet()); });
  EXPECT_THAT(error, HasSubstr("beyond: "));
}

TEST(Evaluate, AnUnreadableSampleIsAnError) {
  const auto inner = std::make_shared<MemoryDataset>(
      std::vector<Sample>(5, RedSample("a", 1, 2, {0, 100}, {0, 1})), 2);
  for (int threads : {0, 2}) {
    const auto broken = std::make_shared<HookedDataset>(inner, [](int64_t, int64_t index) {
      if (index == 3) throw Error("sample 3: gone");
    });
    RedModel model(2);
    EXPECT_EQ(ErrorOf([&] { Evaluate(model, broken, Quiet(threads)); }), "sample 3: gone");
  }
}

TEST(PredictLogits, GivesFloat32WithoutGradientInBothPrecisions) {
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 4);
  {
    torch::NoGradGuard no_grad;
    // Fresh score layers give zeros.
    for (at::Tensor& parameter : model->parameters()) parameter.normal_(0, 0.1);
  }
  model->train();
  const at::Tensor image =
      torch::randint(256, {1, 37, 51, 3}, at::TensorOptions().dtype(at::kByte));
  const at::Tensor exact = PredictLogits(*model, image);
  EXPECT_FALSE(model->is_training());
  EXPECT_EQ(exact.sizes().vec(), (std::vector<int64_t>{1, 4, 37, 51}));
  EXPECT_EQ(exact.scalar_type(), at::kFloat);
  EXPECT_FALSE(exact.requires_grad());

  const at::Tensor rough = PredictLogits(*model, image, "bfloat16");
  EXPECT_EQ(rough.scalar_type(), at::kFloat);
  const double scale = exact.abs().max().item<double>();
  EXPECT_GT(scale, 0);
  EXPECT_LT((rough - exact).abs().max().item<double>(), 0.1 * scale);
  EXPECT_TRUE(SameBits(PredictLogits(*model, image), exact));
}

TEST(DeviceOf, IsTheCpuForANetworkWithoutParameters) {
  const RedModel model(2);
  EXPECT_TRUE(DeviceOf(model).is_cpu());
}

/// Images made on the fly.
class EndlessDataset : public Dataset {
 public:
  explicit EndlessDataset(int64_t size) : size_(size), labels_(TestLabels(3)) {}
  int64_t Size() const override { return size_; }
  std::string Name(int64_t index) const override { return std::to_string(index); }
  const LabelSet& Labels() const override { return labels_; }
  Sample Get(int64_t index) const override {
    Sample sample;
    sample.name = Name(index);
    sample.image = cv::Mat(64, 64, CV_8UC3, cv::Scalar(static_cast<double>(index % 3 * 100), 0, 0));
    sample.label = cv::Mat(64, 64, CV_8UC1, cv::Scalar(static_cast<double>(index % 2)));
    return sample;
  }

 private:
  int64_t size_;
  LabelSet labels_;
};

/// Memory of this process that is in use, in MiB.
double ResidentMegabytes() {
  std::ifstream file("/proc/self/statm");
  int64_t all = 0, resident = 0;
  file >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

TEST(Evaluate, MemoryDoesNotDependOnTheSizeOfTheDataSet) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the address sanitizer holds freed memory back";
#endif
  RedModel model(3);
  Evaluate(model, std::make_shared<EndlessDataset>(500), Quiet(2));
  const double before = ResidentMegabytes();
  ASSERT_GT(before, 1);
  const int64_t size = 10000;
  const EvalResult result = Evaluate(model, std::make_shared<EndlessDataset>(size), Quiet(2));
  EXPECT_EQ(result.images, size);
  EXPECT_EQ(result.matrix.Total(), size * 64 * 64);
  // The samples alone would take 156 MiB.
  EXPECT_LT(ResidentMegabytes() - before, 40);
}

}  // namespace
}  // namespace seglab
