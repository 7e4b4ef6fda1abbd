#include "inference/upper_bounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/test_error.h"
#include "data/labels.h"
#include "data/test_dataset.h"

namespace seglab {
namespace {

/// Rows of labels.
Sample Labelled(int height, int width, const std::vector<int>& labels) {
  Sample sample;
  sample.name = "made";
  sample.image = cv::Mat(height, width, CV_8UC3, cv::Scalar(0, 0, 0));
  sample.truth.LabelMap() = cv::Mat(height, width, CV_8UC1);
  for (int i = 0; i < height * width; ++i)
    sample.truth.LabelMap().at<uint8_t>(i / width, i % width) = static_cast<uint8_t>(labels[i]);
  return sample;
}

std::vector<UpperBound> BoundsOf(const std::vector<Sample>& samples, int classes,
                                 const std::vector<int>& factors) {
  return UpperBounds(std::make_shared<MemoryDataset>(samples, classes), factors,
                     AbsentPolicy::kUnion, 0);
}

// Beside LibTorch's own pooling and interpolation.
TEST(UpperBoundsTest, SharesOfCellsEnlarged) {
  torch::manual_seed(1);
  constexpr int64_t kSide = 24, kClasses = 3;
  const at::Tensor coarse = torch::rand({1, kClasses, 5, 5});
  const at::Tensor truth = at::upsample_bilinear2d(coarse, {kSide, kSide}, false).argmax(1)[0];
  std::vector<int> labels(kSide * kSide);
  for (int64_t i = 0; i < kSide * kSide; ++i) labels[i] = truth.flatten()[i].item<int>();
  const Sample sample = Labelled(kSide, kSide, labels);
  const std::vector<UpperBound> bounds = BoundsOf({sample}, kClasses, {1, 2, 8});
  EXPECT_DOUBLE_EQ(bounds[0].scores.mean_iou, 1);
  for (size_t i = 1; i < 3; ++i) {
    const int64_t factor = bounds[i].factor;
    const at::Tensor one_hot = at::one_hot(truth, kClasses).permute({2, 0, 1}).unsqueeze(0);
    const at::Tensor shares = at::avg_pool2d(one_hot.to(at::kFloat), factor);
    const at::Tensor back = at::upsample_bilinear2d(shares, {kSide, kSide}, false).argmax(1)[0];
    EXPECT_NEAR(bounds[i].scores.pixel_acc, back.eq(truth).to(at::kDouble).mean().item<double>(),
                2.0 / (kSide * kSide))
        << "but for ties";
    EXPECT_LT(bounds[i].scores.pixel_acc, 1);
  }
}

TEST(UpperBoundsTest, SumsOverImagesAndSurvivesVoid) {
  const std::vector<Sample> samples = {Labelled(2, 2, {0, 0, 0, 0}), Labelled(2, 2, {1, 1, 1, 1}),
                                       Labelled(1, 1, {255})};
  const std::vector<UpperBound> bounds = BoundsOf(samples, 3, {128});
  EXPECT_DOUBLE_EQ(bounds[0].scores.mean_iou, 1) << "the third class does not occur";
  const std::string text = UpperBoundsText(bounds, 3);
  EXPECT_THAT(text, testing::HasSubstr("   128       100.0      100.0    100.0    100.0\n"));
}

TEST(UpperBoundsTest, ClassificationHasNone) {
  Sample sample = Labelled(1, 1, {0});
  sample.truth = Category{0};
  EXPECT_THAT(ErrorOf([&] { BoundsOf({sample}, 2, {4}); }), testing::HasSubstr("no label maps"));
}

}  // namespace
}  // namespace seglab
