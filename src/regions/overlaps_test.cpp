#include "regions/overlaps.h"

#include <gmock/gmock.h>

#include <opencv2/core.hpp>

#include "base/random.h"
#include "base/test_error.h"
#include "regions/propose.h"
#include "regions/test_images.h"

namespace seglab {
namespace {

using testing::HasSubstr;

/// Random rectangles of objects and void on background.
cv::Mat RandomObjects(int height, int width, int type, uint64_t seed) {
  cv::Mat objects(height, width, type, cv::Scalar(0));
  RandomStream random(seed);
  for (int label : {1, 3, 3, 200, 255, 7}) {
    const int x = static_cast<int>(random.Int(width - 8)),
              y = static_cast<int>(random.Int(height - 8));
    objects(cv::Rect(x, y, 8 + static_cast<int>(random.Int(width - 8 - x + 1)) / 2, 8))
        .setTo(label);
  }
  return objects;
}

TEST(OverlapsTest, EqualCountingPixelsOfMasks) {
  for (const cv::Size size : {cv::Size(60, 45), cv::Size(37, 70)}) {
    const cv::Mat image = BlockImage(size.height, size.width, 1);
    for (int width : {0, 50}) {
      ProposalOptions options;
      options.width = width;
      options.min_side = 3;
      const RegionSet set = Propose(image, options, 1);
      ASSERT_GT(set.regions().size(), 10u);
      const cv::Mat objects = RandomObjects(size.height, size.width, CV_8UC1, 9);
      const OverlapTable table = Overlaps(set, objects);
      ASSERT_EQ(table.regions(), set.regions().size());
      ASSERT_GT(table.objects().size(), 2u);
      EXPECT_TRUE(std::is_sorted(table.objects().begin(), table.objects().end()));
      for (size_t r = 0; r < table.regions(); ++r) {
        cv::Mat mask(size, CV_8UC1, cv::Scalar(0));
        set.Mask(r).copyTo(mask(set.regions()[r].box));
        const cv::Mat seen = objects != 255;
        for (size_t o = 0; o < table.objects().size(); ++o) {
          const cv::Mat object = objects == table.objects()[o];
          const int both = cv::countNonZero(object & mask);
          const int any = cv::countNonZero((object | (mask != 0)) & seen);
          EXPECT_EQ(table.Intersection(r, o), both);
          EXPECT_EQ(table.Union(r, o), any);
          EXPECT_DOUBLE_EQ(table.Overlap(r, o), static_cast<double>(both) / any);
        }
      }
    }
  }
}

TEST(OverlapsTest, LabelsOf16BitAndNoObjects) {
  const RegionSet set = Propose(BlockImage(40, 50, 2), {}, 1);
  cv::Mat objects(40, 50, CV_16UC1, cv::Scalar(0));
  EXPECT_TRUE(Overlaps(set, objects).objects().empty());
  objects(cv::Rect(3, 4, 10, 5)).setTo(40000);
  objects(cv::Rect(30, 4, 10, 5)).setTo(256);
  objects.row(39).setTo(255);
  const OverlapTable table = Overlaps(set, objects);
  EXPECT_THAT(table.objects(), testing::ElementsAre(256, 40000));
  EXPECT_EQ(table.object_area(0), 50);
  EXPECT_EQ(table.object_area(1), 50);
}

TEST(OverlapsTest, SaysWhatDoesNotFit) {
  const RegionSet set = Propose(BlockImage(40, 50, 2), {}, 1);
  EXPECT_THAT(ErrorOf([&] { Overlaps(set, cv::Mat(50, 40, CV_8UC1)); }), HasSubstr("50 x 40"));
  EXPECT_THAT(ErrorOf([&] { Overlaps(set, cv::Mat(40, 50, CV_32SC1)); }), HasSubstr("16 bit"));
}

}  // namespace
}  // namespace seglab
