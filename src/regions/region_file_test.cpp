#include "regions/region_file.h"

#include <gmock/gmock.h>

#include <opencv2/core.hpp>

#include "base/test_error.h"
#include "regions/propose.h"
#include "regions/test_images.h"

namespace seglab {
namespace {

void ExpectEqual(const RegionSet& a, const RegionSet& b) {
  EXPECT_EQ(a.height(), b.height());
  EXPECT_EQ(a.width(), b.width());
  EXPECT_EQ(a.regions(), b.regions());
  EXPECT_EQ(a.hierarchies(), b.hierarchies());
  ASSERT_EQ(a.segment_maps().size(), b.segment_maps().size());
  for (size_t i = 0; i < a.segment_maps().size(); ++i) {
    ASSERT_EQ(a.segment_maps()[i].size(), b.segment_maps()[i].size());
    EXPECT_EQ(cv::countNonZero(a.segment_maps()[i] != b.segment_maps()[i]), 0);
  }
}

TEST(RegionFileTest, ReadsWhatWasWritten) {
  ProposalOptions options;
  options.width = 90;
  for (const RegionSet& set : {Propose(BlockImage(60, 80, 3), options, 1),
                               Propose(cv::Mat(1, 1, CV_8UC3, cv::Scalar(4)), options, 1)}) {
    ExpectEqual(DecodeRegions(EncodeRegions(set)), set);
  }
  // Segments in any order, whose numbers fall and rise by more than a byte holds.
  const cv::Mat map = (cv::Mat_<int>(2, 2) << 2, 0, 1, 2);
  const RegionSet set(70000, 70000, {map}, {{0, {2, 0, 1}}},
                      {{cv::Rect(1, 2, 69000, 69998), 0, 1, 3, 2, int64_t{1} << 32, -1.5f}});
  ExpectEqual(DecodeRegions(EncodeRegions(set)), set);
}

TEST(RegionFileTest, EveryDamageIsSeen) {
  ProposalOptions options;
  options.width = 40;
  const std::string good = EncodeRegions(Propose(BlockImage(30, 40, 3), options, 1));
  ASSERT_GT(good.size(), 200u);
  for (size_t length = 0; length < good.size(); length += 7) {
    EXPECT_NE(ErrorOf([&] { DecodeRegions(good.substr(0, length)); }), "") << length;
  }
  for (size_t i = 0; i < good.size(); i += 5) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 4);
    EXPECT_NE(ErrorOf([&] { DecodeRegions(bad); }), "") << i;
  }
  EXPECT_NE(ErrorOf([&] { DecodeRegions(good + "x"); }), "");
}

}  // namespace
}  // namespace seglab
