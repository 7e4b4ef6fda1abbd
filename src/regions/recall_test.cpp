#include "regions/recall.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>

#include "regions/propose.h"
#include "regions/test_images.h"

namespace seglab {
namespace {

TEST(RecallTest, CoverageByHand) {
  CoverageCurve curve({1, 2, 0});
  EXPECT_EQ(curve.Points()[0].mean_best, 0);
  curve.AddObject({0.5, 0.1, 0.9});
  curve.AddObject({0.2, 0.6});
  curve.AddObject({});
  EXPECT_EQ(curve.objects(), 3);
  const std::vector<CoveragePoint> points = curve.Points();
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[1].proposals, 2);
  EXPECT_DOUBLE_EQ(points[0].recall_50, 1.0 / 3);
  EXPECT_DOUBLE_EQ(points[0].mean_best, 0.7 / 3);
  EXPECT_DOUBLE_EQ(points[1].recall_50, 2.0 / 3);
  EXPECT_DOUBLE_EQ(points[1].recall_70, 0);
  EXPECT_DOUBLE_EQ(points[2].recall_70, 1.0 / 3);
  EXPECT_DOUBLE_EQ(points[2].mean_best, 1.5 / 3);
}

TEST(RecallTest, BoxesOfObjects) {
  cv::Mat objects(10, 12, CV_8UC1, cv::Scalar(0));
  objects(cv::Rect(2, 3, 4, 5)).setTo(7);
  objects(cv::Rect(8, 0, 1, 1)).setTo(2);
  objects(cv::Rect(11, 9, 1, 1)).setTo(2);
  objects.row(5).setTo(255);
  EXPECT_EQ(ObjectBoxes(objects),
            (std::vector<cv::Rect>{cv::Rect(8, 0, 4, 10), cv::Rect(2, 3, 4, 5)}));
  EXPECT_DOUBLE_EQ(BoxOverlap(cv::Rect(0, 0, 4, 4), cv::Rect(2, 2, 4, 4)), 4.0 / 28);
  EXPECT_EQ(BoxOverlap(cv::Rect(0, 0, 4, 4), cv::Rect(4, 0, 4, 4)), 0);
}

TEST(RecallTest, AnObjectThatIsAProposalIsCovered) {
  const RegionSet set = Propose(BlockImage(60, 80, 3), {}, 1);
  const Region& region = set.regions()[4];
  cv::Mat objects(60, 80, CV_8UC1, cv::Scalar(0));
  objects(region.box).setTo(9, set.Mask(4));
  RecallStudy study;
  study.Add(set, objects);
  EXPECT_EQ(study.images(), 1);
  EXPECT_EQ(study.proposals(), static_cast<int64_t>(set.regions().size()));
  for (const CoverageCurve* curve : {&study.boxes(), &study.masks()}) {
    EXPECT_EQ(curve->objects(), 1);
    EXPECT_EQ(curve->Points().front().mean_best, 1);  // among the first 10
    EXPECT_EQ(curve->Points().front().recall_70, 1);
  }
}

}  // namespace
}  // namespace seglab
