#include "inference/upper_bounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(UpperBoundsTest, EachCellHasOneClass) {
  // Cells of two: 0 (three to one), 1 with void, and at the border 0 and 1 of one column.
  const Sample sample = Labelled(4, 3,
                                 {0, 0, 0,    //
                                  1, 0, 0,    //
                                  1, 255, 1,  //
                                  255, 255, 1});
  const std::vector<UpperBound> bounds = BoundsOf({sample}, 2, {1, 2});
  EXPECT_DOUBLE_EQ(bounds[0].scores.mean_iou, 1);
  EXPECT_EQ(bounds[1].factor, 2);
  // Of nine pixels the 1 among three 0 is lost.
  EXPECT_DOUBLE_EQ(bounds[1].scores.pixel_acc, 8.0 / 9);
  EXPECT_DOUBLE_EQ(bounds[1].scores.mean_iou, (5.0 / 6 + 3.0 / 4) / 2);
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
