#include "regions/hierarchy_picture.h"

#include <gmock/gmock.h>

#include <opencv2/core.hpp>

namespace seglab {
namespace {

TEST(HierarchyPictureTest, PanelsHaveTheMeanColoursOfTheirRegions) {
  cv::Mat image(60, 90, CV_8UC3, cv::Scalar(200, 40, 40));
  image.colRange(30, 60).setTo(cv::Scalar(40, 200, 40));
  image.colRange(60, 90).setTo(cv::Scalar(40, 40, 200));
  ProposalOptions options;
  options.width = 0;
  options.sigma = 0;
  const WholeHierarchy hierarchy = FirstHierarchy(image, options);
  ASSERT_EQ(hierarchy.tree.leaves, 3);
  const cv::Mat picture = HierarchyPicture(hierarchy, {200, 1});
  ASSERT_EQ(picture.type(), CV_8UC3);
  // Two panels of 600 x 400 beside one another, for 3 segments and 1 region.
  ASSERT_GT(picture.cols, 1200);
  ASSERT_LT(picture.rows, 500);
  EXPECT_EQ(picture.at<cv::Vec3b>(200, 20 + 100), cv::Vec3b(200, 40, 40));
  EXPECT_EQ(picture.at<cv::Vec3b>(200, 20 + 300), cv::Vec3b(40, 200, 40));
  EXPECT_EQ(picture.at<cv::Vec3b>(200, 20 + 500), cv::Vec3b(40, 40, 200));
  for (int x : {100, 300, 500}) {
    EXPECT_EQ(picture.at<cv::Vec3b>(200, 640 + x), cv::Vec3b(93, 93, 93));
  }
}

TEST(HierarchyPictureTest, OneSegmentIsOnePanel) {
  const cv::Mat flat(1, 1, CV_8UC3, cv::Scalar(1, 2, 3));
  const cv::Mat picture = HierarchyPicture(FirstHierarchy(flat, {}));
  EXPECT_LT(picture.cols, 700);
  EXPECT_EQ(picture.at<cv::Vec3b>(300, 300), cv::Vec3b(1, 2, 3));
}

}  // namespace
}  // namespace seglab
