#include "regions/threshold_search.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/test_error.h"
#include "regions/test_regions.h"

namespace seglab {
namespace {

using ::testing::HasSubstr;

struct Example {
  RegionScores scores;
  RegionSet set;
  cv::Mat truth;
};

/// Images with 3 classes, some of whose regions are objects; some pixels are void.
std::vector<Example> RandomImages(int count, uint64_t seed) {
  RandomStream random(seed);
  std::vector<Example> images;
  for (int i = 0; i < count; ++i) {
    const RegionSet set = RandomRegions(8, 9, 9, random);
    const RegionScores scores = RandomScores(9, 3, .125, random);
    cv::Mat truth(8, 9, CV_8UC1, cv::Scalar(0));
    for (size_t r = 0; r < 3; ++r) {
      truth(set.regions()[r].box).setTo(static_cast<double>(random.Int(1, 3)), set.Mask(r));
    }
    truth.at<uint8_t>(0, 0) = 255;
    images.push_back({scores, set, truth});
  }
  return images;
}

ThresholdChoice Search(const std::vector<Example>& images, const PasteOptions& paste,
                       const ThresholdOptions& options) {
  ThresholdSearch search(3, paste, options);
  for (const Example& image : images) search.Add(image.scores, image.set, image.truth);
  return search.Choose();
}

/// Segments of an image as pasting finds them at a threshold.
std::vector<Segment> SegmentsAt(const Example& image, PasteOptions paste, double threshold) {
  paste.threshold = threshold;
  RegionScores scores = image.scores;
  SuppressScores(scores, image.set, paste);
  return ChooseSegments(scores, paste);
}

double SegmentsPerImage(const std::vector<Example>& images, const PasteOptions& paste,
                        double threshold) {
  double sum = 0;
  for (const Example& image : images) {
    sum += static_cast<double>(SegmentsAt(image, paste, threshold).size());
  }
  return sum / static_cast<double>(images.size());
}

double MeanIouAt(const std::vector<Example>& images, const PasteOptions& paste, double threshold) {
  double both[4] = {}, either[4] = {};
  for (const Example& image : images) {
    const cv::Mat labels = PasteLabels(SegmentsAt(image, paste, threshold), image.set);
    for (int y = 0; y < labels.rows; ++y) {
      for (int x = 0; x < labels.cols; ++x) {
        const int truth = image.truth.at<uint8_t>(y, x), label = labels.at<int>(y, x);
        if (truth == 255) continue;
        for (int c = 0; c < 4; ++c) {
          both[c] += truth == c && label == c;
          either[c] += truth == c || label == c;
        }
      }
    }
  }
  double sum = 0;
  for (int c = 0; c < 4; ++c) sum += both[c] / either[c];
  return sum / 4;
}

PasteOptions Suppressing() {
  PasteOptions paste;
  paste.nms_overlap = .4;
  paste.top_regions = 3;
  paste.simplicity_bias = .01;
  return paste;
}

TEST(ThresholdSearchTest, RisesUntilThereAreAsManySegmentsAsObjects) {
  const std::vector<Example> images = RandomImages(20, 1);
  for (const PasteOptions& paste : {PasteOptions(), Suppressing()}) {
    const ThresholdChoice choice = Search(images, paste, {});
    double threshold = -1;
    int steps = 0;
    while (SegmentsPerImage(images, paste, threshold) > 2.2) threshold = -1 + ++steps * .01;
    EXPECT_GT(steps, 0);
    EXPECT_EQ(choice.threshold, threshold);
    EXPECT_EQ(choice.mean_segments, SegmentsPerImage(images, paste, threshold));
    EXPECT_TRUE(std::isnan(choice.mean_iou));
  }
}

TEST(ThresholdSearchTest, StaysAtTheFirstWhereThatIsEnough) {
  ThresholdOptions options;
  options.max_average = 9;
  EXPECT_EQ(Search(RandomImages(3, 2), {}, options).threshold, -1);
}

TEST(ThresholdSearchTest, TakesTheBestMeanIou) {
  const std::vector<Example> images = RandomImages(10, 3);
  ThresholdOptions options;
  options.goal = ThresholdOptions::Goal::kMeanIou;
  options.first = -.9;
  options.step = .05;
  options.last = .6;
  for (const PasteOptions& paste : {PasteOptions(), Suppressing()}) {
    const ThresholdChoice choice = Search(images, paste, options);
    double best = -1, threshold = 0;
    for (int i = 0; i <= 30; ++i) {
      const double value = MeanIouAt(images, paste, -.9 + i * .05);
      if (value <= best) continue;
      best = value;
      threshold = -.9 + i * .05;
    }
    EXPECT_EQ(choice.threshold, threshold);
    EXPECT_NEAR(choice.mean_iou, best, 1e-12);
    EXPECT_EQ(choice.mean_segments, SegmentsPerImage(images, paste, threshold));
    EXPECT_GT(best, MeanIouAt(images, paste, .6));
  }
}

TEST(ThresholdSearchTest, ClassesThatAreNowhereDoNotCount) {
  // One region, which is the object: above its score the object is missed.
  std::vector<Example> images(1);
  images[0].scores = {1, 3, {-2, .25f, -2}};
  images[0].set = DrawRegions(1, 4, {{"##.."}});
  images[0].truth = (cv::Mat_<uint8_t>(1, 4) << 2, 2, 0, 0);
  ThresholdOptions options;
  options.goal = ThresholdOptions::Goal::kMeanIou;
  EXPECT_EQ(Search(images, {}, options).mean_iou, 1);
  EXPECT_EQ(Search(images, {}, options).threshold, -1);
  options.first = .5;
  EXPECT_EQ(Search(images, {}, options).mean_iou, .25);
}

TEST(ThresholdSearchTest, SaysWhatIsWrong) {
  std::vector<Example> images = RandomImages(1, 4);
  ThresholdOptions options;
  options.goal = ThresholdOptions::Goal::kMeanIou;
  EXPECT_THROW(ThresholdSearch(3, {}, options).Choose(), std::logic_error);
  EXPECT_THROW(ThresholdSearch(2, {}, options).Add(images[0].scores, images[0].set, {}),
               std::logic_error);
  images[0].truth.at<uint8_t>(2, 2) = 4;
  EXPECT_THAT(ErrorOf([&] { Search(images, {}, options); }), HasSubstr("has label 4"));
  images[0].truth = cv::Mat(9, 8, CV_8UC1);
  EXPECT_THAT(ErrorOf([&] { Search(images, {}, options); }), HasSubstr("truth is 8x9"));
  options.step = 0;
  EXPECT_THAT(ErrorOf([&] { Search(images, {}, options); }), HasSubstr("step"));
  images[0].scores.values[0] = 1e9f;
  options = ThresholdOptions();
  options.max_average = .5;
  EXPECT_THAT(ErrorOf([&] { Search(images, {}, options); }), HasSubstr("raise max_average"));
}

}  // namespace
}  // namespace seglab
