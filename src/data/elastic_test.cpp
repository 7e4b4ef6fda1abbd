#include "data/elastic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <set>

#include "data/test_images.h"
#include "data/transforms.h"

namespace seglab {
namespace {

/// R. Keys, "Cubic convolution interpolation for digital image processing", 1981, equation 15.
double Keys(double distance) {
  const double s = std::abs(distance);
  if (s < 1) return 1.5 * s * s * s - 2.5 * s * s + 1;
  if (s < 2) return -0.5 * s * s * s + 2.5 * s * s - 4 * s + 2;
  return 0;
}

Sample Deformed(const std::string& members, const Sample& given, uint64_t seed) {
  Sample sample = given;
  RandomStream random(seed);
  for (const Transform& transform :
       MakeTransforms(ParseJson(R"([{"name": "elastic")" + members + "}]", "test"), {1, 2, 3}, "t"))
    transform(sample, random);
  return sample;
}

Sample Smooth(int height, int width) {
  Sample sample;
  sample.image = PatternImage(height, width);
  sample.truth.LabelMap() = PatternMask(height, width, 7);
  return sample;
}

TEST(ElasticField, IsBicubicBetweenItsNodes) {
  for (const int grid : {2, 3, 6}) {
    for (const cv::Size& size :
         {cv::Size(1, 1), cv::Size(7, 5), cv::Size(1, 9), cv::Size(33, 40)}) {
      RandomStream random(static_cast<uint64_t>(grid));
      const std::vector<Displacement> nodes = DrawDisplacements(grid, 10, random);
      const ElasticField field(nodes, grid, size);
      std::vector<Place> places(static_cast<size_t>(size.width));
      for (int y = 0; y < size.height; ++y) {
        field.Row(y, places.data());
        for (int x = 0; x < size.width; ++x) {
          const double at_x = x * (grid - 1.0) / std::max(1, size.width - 1);
          const double at_y = y * (grid - 1.0) / std::max(1, size.height - 1);
          double dx = 0, dy = 0;
          for (int v = -3; v < grid + 3; ++v) {
            for (int u = -3; u < grid + 3; ++u) {
              const Displacement& node = nodes[static_cast<size_t>(
                  std::clamp(v, 0, grid - 1) * grid + std::clamp(u, 0, grid - 1))];
              dx += Keys(at_y - v) * Keys(at_x - u) * node.x;
              dy += Keys(at_y - v) * Keys(at_x - u) * node.y;
            }
          }
          const Place& place = places[static_cast<size_t>(x)];
          EXPECT_NEAR(place.x / 256.0, x + dx, 0.5 / 256 + 1e-9) << grid << " " << size;
          EXPECT_NEAR(place.y / 256.0, y + dy, 0.5 / 256 + 1e-9) << grid << " " << size;
        }
      }
    }
  }
}

TEST(ElasticField, MeetsItsNodes) {
  std::vector<Displacement> nodes(9);
  for (int i = 0; i < 9; ++i) nodes[static_cast<size_t>(i)] = {i - 3.0, 0.25 * i};
  const ElasticField field(nodes, 3, {21, 31});
  std::vector<Place> places(21);
  for (int i = 0; i < 9; ++i) {
    const int x = i % 3 * 10, y = i / 3 * 15;
    field.Row(y, places.data());
    EXPECT_EQ(places[static_cast<size_t>(x)].x, 256 * (x + i - 3));
    EXPECT_EQ(places[static_cast<size_t>(x)].y, 256 * y + 64 * i);
  }
}

TEST(ElasticField, NodesAreNormal) {
  RandomStream random(1), same(1);
  const std::vector<Displacement> nodes = DrawDisplacements(64, 10, random);
  double sum = 0, squares = 0, products = 0;
  for (const Displacement& node : nodes) {
    EXPECT_EQ(node.x, 10 * same.Normal());
    EXPECT_EQ(node.y, 10 * same.Normal());
    sum += node.x + node.y;
    squares += node.x * node.x + node.y * node.y;
    products += node.x * node.y;
  }
  EXPECT_NEAR(sum / 8192, 0, 0.5);
  EXPECT_NEAR(squares / 8192, 100, 7);
  EXPECT_NEAR(products / 4096, 0, 7);
}

TEST(Elastic, WithoutSigmaIsTheSame) {
  for (const cv::Size& size : {cv::Size(1, 1), cv::Size(7, 5), cv::Size(40, 30)}) {
    const Sample given = Smooth(size.height, size.width);
    for (const char* members : {R"(, "sigma": 0)", R"(, "sigma": 0, "border": "fill", "grid": 5)",
                                R"(, "probability": 0)"}) {
      const Sample result = Deformed(members, given, 1);
      EXPECT_TRUE(SamePixels(result.image, given.image)) << members;
      EXPECT_TRUE(SamePixels(result.truth.LabelMap(), given.truth.LabelMap())) << members;
    }
  }
}

TEST(Elastic, LabelsAreThoseThatThereWere) {
  const Sample given = Smooth(60, 70);
  for (uint64_t seed = 0; seed < 5; ++seed) {
    for (const bool fill : {false, true}) {
      const Sample result = Deformed(fill ? R"(, "border": "fill")" : "", given, seed);
      std::set<int> labels;
      const cv::Mat& label = result.truth.LabelMap();
      for (auto it = label.begin<uint8_t>(); it != label.end<uint8_t>(); ++it) {
        labels.insert(*it);
        const bool is_fill = result.image.at<cv::Vec3b>(it.pos()) == cv::Vec3b(1, 2, 3);
        EXPECT_EQ(*it == kIgnoreLabel, is_fill);
      }
      EXPECT_EQ(labels.erase(kIgnoreLabel), fill ? 1u : 0u) << seed;
      EXPECT_LT(*labels.rbegin(), 7);
    }
  }
}

// A picture whose colors are its coordinates tells where each pixel came from.
TEST(Elastic, ImageAndLabelComeFromOnePlace) {
  Sample given;
  given.image.create(200, 250, CV_8UC3);
  given.truth.LabelMap().create(200, 250, CV_8UC1);
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 250; ++x) {
      given.image.at<cv::Vec3b>(y, x) =
          cv::Vec3b(static_cast<uint8_t>(x), static_cast<uint8_t>(y), 0);
      given.truth.LabelMap().at<uint8_t>(y, x) = static_cast<uint8_t>(x);
    }
  }
  const Sample result = Deformed(R"(, "border": "fill")", given, 4);
  int moved = 0;
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 250; ++x) {
      const int label = result.truth.LabelMap().at<uint8_t>(y, x);
      if (label == kIgnoreLabel) continue;
      EXPECT_LE(std::abs(label - result.image.at<cv::Vec3b>(y, x)[0]), 1);
      moved += label != x ? 1 : 0;
    }
  }
  EXPECT_GT(moved, 200 * 250 / 2);
}

}  // namespace
}  // namespace seglab
