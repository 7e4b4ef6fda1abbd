#include "regions/run_length.h"

#include <gmock/gmock.h>

#include <opencv2/core.hpp>

#include "base/random.h"

namespace seglab {
namespace {

using testing::ElementsAre;

cv::Mat Ones(int height, int width) { return cv::Mat(height, width, CV_8UC1, cv::Scalar(1)); }

TEST(RunLengthTest, ByHand) {
  EXPECT_THAT(RunLengths(Ones(3, 4), cv::Rect(0, 0, 4, 3), 3, 4), ElementsAre(0, 12));
  EXPECT_THAT(RunLengths(Ones(3, 2), cv::Rect(1, 0, 2, 3), 3, 4), ElementsAre(3, 6, 3));
  EXPECT_THAT(RunLengths(Ones(1, 2), cv::Rect(2, 1, 2, 1), 3, 4), ElementsAre(7, 1, 2, 1, 1));
  EXPECT_THAT(RunLengths(Ones(1, 1), cv::Rect(3, 2, 1, 1), 3, 4), ElementsAre(11, 1));
  EXPECT_THAT(RunLengths(Ones(2, 2) * 0, cv::Rect(1, 1, 2, 2), 3, 4), ElementsAre(12));
}

TEST(RunLengthTest, UnfoldsToTheMask) {
  RandomStream random(4);
  for (int round = 0; round < 50; ++round) {
    const int h = static_cast<int>(random.Int(1, 9)), w = static_cast<int>(random.Int(1, 9));
    const int x = static_cast<int>(random.Int(w)), y = static_cast<int>(random.Int(h));
    const cv::Rect box(x, y, static_cast<int>(random.Int(1, w - x)),
                       static_cast<int>(random.Int(1, h - y)));
    cv::Mat whole(h, w, CV_8UC1, cv::Scalar(0));
    cv::Mat mask = whole(box);
    for (auto pixel = mask.begin<uint8_t>(); pixel != mask.end<uint8_t>(); ++pixel) {
      *pixel = random.Chance(0.6) ? 1 : 0;
    }
    std::vector<uint8_t> unfolded;
    const std::vector<int64_t> runs = RunLengths(mask, box, h, w);
    for (size_t i = 0; i < runs.size(); ++i) {
      EXPECT_TRUE(runs[i] > 0 || i == 0);
      unfolded.insert(unfolded.end(), static_cast<size_t>(runs[i]), static_cast<uint8_t>(i % 2));
    }
    const cv::Mat columns = whole.t();
    EXPECT_EQ(unfolded, std::vector<uint8_t>(columns.begin<uint8_t>(), columns.end<uint8_t>()));
  }
}

}  // namespace
}  // namespace seglab
