#include "inference/evaluate.h"

#include <gmock/gmock.h>
#include <torch/torch.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/test_error.h"
#include "base/test_folder.h"
#include "base/test_log.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "data/test_dataset.h"
#include "inference/confusion_sink.h"
#include "inference/image_counts_sink.h"
#include "inference/picture_sink.h"
#include "models/test_models.h"

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
    return {RedModel::forward(image).logits.Values().mean({2, 3}), {}};
  }
};

/// A sample of height x width from red values and labels, row by row.
Sample RedSample(const std::string& name, int height, int width, const std::vector<int>& reds,
                 const std::vector<int>& labels) {
  Sample sample;
  sample.name = name;
  sample.image = cv::Mat(height, width, CV_8UC3);
  sample.truth.LabelMap() = cv::Mat(height, width, CV_8UC1);
  for (int i = 0; i < height * width; ++i) {
    sample.image.at<cv::Vec3b>(i / width, i % width) =
        cv::Vec3b(static_cast<uint8_t>(reds[i]), 9, 9);
    sample.truth.LabelMap().at<uint8_t>(i / width, i % width) = static_cast<uint8_t>(labels[i]);
  }
  return sample;
}

Sample RedPicture(const std::string& name, int red, int category) {
  Sample sample = RedSample(name, 2, 2, {red, red, red, red}, {0, 0, 0, 0});
  sample.truth = Category{category};
  return sample;
}

struct Counted {
  ConfusionMatrix matrix;
  EvalSummary summary;
};

Counted Count(const std::shared_ptr<SegModel>& model, std::shared_ptr<const Dataset> dataset,
              const EvalOptions& options) {
  Predictor predictor(model);
  ConfusionSink sink(dataset->Labels().size());
  const EvalSummary summary = Evaluate(predictor, std::move(dataset), {&sink}, options);
  return {sink.matrix(), summary};
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
    const auto model = std::make_shared<RedModel>(3);
    const Counted result = Count(model, dataset, Quiet(threads));
    const std::vector<int64_t> expected = {2, 0, 1, 0, 3, 1, 1, 0, 2};  // a row per true class
    EXPECT_EQ(result.matrix.counts(), expected) << threads;
    EXPECT_EQ(result.summary.images, 3);
    EXPECT_GE(result.summary.seconds, result.summary.wait_seconds);
    EXPECT_FALSE(model->is_training());
  }
}

TEST(Evaluate, CountsPicturesOfAClassification) {
  const std::vector<Sample> samples = {RedPicture("a", 0, 0), RedPicture("b", 100, 1),
                                       RedPicture("c", 110, 1), RedPicture("d", 200, 0)};
  const auto model = std::make_shared<RedClassifier>(3);
  const Counted result = Count(model, std::make_shared<MemoryDataset>(samples, 3), Quiet());
  EXPECT_EQ(result.matrix.counts(), (std::vector<int64_t>{1, 0, 1, 0, 2, 0, 0, 0, 0}));
  EXPECT_EQ(result.summary.images, 4);
}

TEST(Evaluate, AClassThatTheDataDoesNotHaveIsAnErrorNamingTheSample) {
  const std::vector<Sample> samples = {RedSample("fine", 1, 2, {0, 100}, {0, 1}),
                                       RedSample("beyond", 1, 2, {0, 200}, {0, 1})};
  const auto model = std::make_shared<RedModel>(3);
  const std::string error =
      ErrorOf([&] { Count(model, std::make_shared<MemoryDataset>(samples, 2), Quiet()); });
  EXPECT_THAT(error, HasSubstr("beyond: "));
}

TEST(Evaluate, AnUnreadableSampleIsAnError) {
  const auto inner = std::make_shared<MemoryDataset>(
      std::vector<Sample>(5, RedSample("a", 1, 2, {0, 100}, {0, 1})), 2);
  for (int threads : {0, 2}) {
    const auto broken = std::make_shared<HookedDataset>(inner, [](int64_t, int64_t index) {
      if (index == 3) throw Error("sample 3: gone");
    });
    const auto model = std::make_shared<RedModel>(2);
    EXPECT_EQ(ErrorOf([&] { Count(model, broken, Quiet(threads)); }), "sample 3: gone");
  }
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
    sample.truth.LabelMap() = cv::Mat(64, 64, CV_8UC1, cv::Scalar(static_cast<double>(index % 2)));
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
  const auto model = std::make_shared<RedModel>(3);
  Count(model, std::make_shared<EndlessDataset>(500), Quiet(2));
  const double before = ResidentMegabytes();
  ASSERT_GT(before, 1);
  const int64_t size = 10000;
  const Counted result = Count(model, std::make_shared<EndlessDataset>(size), Quiet(2));
  EXPECT_EQ(result.summary.images, size);
  EXPECT_EQ(result.matrix.Total(), size * 64 * 64);
  // The samples alone would take 156 MiB.
  EXPECT_LT(ResidentMegabytes() - before, 40);
}

TEST(Evaluate, HandsEachImageToAllSinksInOrder) {
  const std::vector<Sample> samples = {RedSample("a", 1, 3, {0, 100, 0}, {0, 1, 255}),
                                       RedSample("b", 2, 1, {100, 100}, {1, 0})};
  const TestFolder folder;
  const auto dataset = std::make_shared<MemoryDataset>(samples, 2);
  Predictor predictor(std::make_shared<RedModel>(2));
  ImageCountsSink counts(folder.File("images.jsonl"), 2);
  PictureSink pictures({folder.File("shared"), folder.File("own")}, *dataset, 5);
  ConfusionSink matrix(2);
  Evaluate(predictor, dataset, {&counts, &pictures, &matrix}, Quiet(2));
  EXPECT_EQ(ReadFile(folder.File("images.jsonl")),
            R"({"name":"a","truth":[1,1],"predicted":[1,1],"hit":[1,1]})"
            "\n"
            R"({"name":"b","truth":[1,1],"predicted":[0,2],"hit":[0,1]})"
            "\n");
  EXPECT_EQ(matrix.matrix().counts(), (std::vector<int64_t>{1, 1, 0, 2}));
  const Json kept = ReadJsonFile(folder.File("own/kept.json"));
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[1]["index"], 1);
  EXPECT_EQ(kept[1]["name"], "b");
  const auto shared = [&](int k, const char* what) {
    return JoinPath(folder.File("shared"), kept[k][what].get<std::string>());
  };
  EXPECT_EQ(ReadMask(folder.File("own/1.png")).at<uint8_t>(0, 0), 1);
  EXPECT_EQ(ReadMask(shared(0, "truth")).at<uint8_t>(0, 2), 255);
  EXPECT_EQ(ReadImage(shared(1, "image")).rows, 2);
}

TEST(Evaluate, AStoppedOneLeavesNoHalfFile) {
  const auto inner = std::make_shared<MemoryDataset>(
      std::vector<Sample>(5, RedSample("a", 1, 2, {0, 100}, {0, 1})), 2);
  const auto broken = std::make_shared<HookedDataset>(inner, [](int64_t, int64_t index) {
    if (index == 3) throw Error("sample 3: gone");
  });
  const TestFolder folder;
  Predictor predictor(std::make_shared<RedModel>(2));
  {
    ImageCountsSink counts(folder.File("images.jsonl"), 2);
    EXPECT_EQ(ErrorOf([&] { Evaluate(predictor, broken, {&counts}, Quiet()); }), "sample 3: gone");
  }
  EXPECT_TRUE(ListFiles(folder.path(), {}).empty());
}

TEST(SpreadSamples, AreSpreadEvenly) {
  EXPECT_EQ(SpreadSamples(10, 4), (std::vector<int64_t>{0, 2, 5, 7}));
  EXPECT_EQ(SpreadSamples(2, 4), (std::vector<int64_t>{0, 1}));
  EXPECT_TRUE(SpreadSamples(3, 0).empty());
}

}  // namespace
}  // namespace seglab
