#include "metrics/boundary_f1.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/test_error.h"

namespace seglab {
namespace {

/// A vertical edge between classes 0 and 1 in front of column `x`.
std::vector<uint8_t> Edge(int64_t height, int64_t width, int64_t x) {
  std::vector<uint8_t> labels(static_cast<size_t>(height * width));
  for (int64_t p = 0; p < height * width; ++p)
    labels[static_cast<size_t>(p)] = p % width >= x ? 1 : 0;
  return labels;
}

double Score(const std::vector<uint8_t>& truth, const std::vector<uint8_t>& labels, int64_t height,
             int64_t width, double pixels, int classes = 2) {
  const double diagonal = std::hypot(static_cast<double>(height), static_cast<double>(width));
  BoundaryF1 score(classes, pixels / diagonal * 1.0001);
  score.Add(truth.data(), labels.data(), height, width);
  return score.Mean();
}

TEST(BoundaryF1, OfShiftedEdges) {
  const std::vector<uint8_t> truth = Edge(10, 20, 8);
  EXPECT_EQ(Score(truth, truth, 10, 20, 1), 1.0);
  // Both sides of an edge are its boundary: shifted by two, one of two columns lies within one
  // pixel.
  EXPECT_NEAR(Score(truth, Edge(10, 20, 10), 10, 20, 1), 0.5, 1e-12);
  EXPECT_EQ(Score(truth, Edge(10, 20, 10), 10, 20, 2), 1.0);
  EXPECT_EQ(Score(truth, Edge(10, 20, 14), 10, 20, 2), 0.0);
}

TEST(BoundaryF1, OfClassesInOneMapAlone) {
  const std::vector<uint8_t> all(200, 0);
  EXPECT_EQ(Score(all, all, 10, 20, 1), 1.0);
  // Class 0 has no boundary in one of the maps, class 1 is not there.
  EXPECT_EQ(Score(all, Edge(10, 20, 8), 10, 20, 1), 0.0);
  BoundaryF1 score(3, 0.01);
  score.Add(all.data(), all.data(), 10, 20);
  EXPECT_EQ(score.PerClass()[0], 1.0);
  EXPECT_TRUE(std::isnan(score.PerClass()[2]));
}

TEST(BoundaryF1, VoidIsParted) {
  // Four columns of void around the edge; what is predicted lies in their middle.
  std::vector<uint8_t> truth = Edge(10, 20, 8);
  for (int64_t y = 0; y < 10; ++y) {
    for (int64_t x = 6; x < 10; ++x) truth[static_cast<size_t>(20 * y + x)] = 255;
  }
  EXPECT_EQ(WithoutVoid(truth.data(), 10, 20), Edge(10, 20, 8));
  EXPECT_EQ(Score(truth, Edge(10, 20, 8), 10, 20, 2), 1.0);
  const std::vector<uint8_t> nothing(200, 255);
  EXPECT_EQ(WithoutVoid(nothing.data(), 10, 20), nothing);
  EXPECT_TRUE(std::isnan(Score(nothing, truth, 10, 20, 2)));
}

TEST(BoundaryF1, WideVoidBlamesNobody) {
  // Void from column 40 to 59; its middle, at 49 and 50, is too far from labels to count.
  std::vector<uint8_t> truth = Edge(10, 100, 50);
  for (int64_t y = 0; y < 10; ++y) {
    for (int64_t x = 40; x < 60; ++x) truth[static_cast<size_t>(100 * y + x)] = 255;
  }
  for (int64_t x : {41, 45, 50, 58})
    EXPECT_EQ(Score(truth, Edge(10, 100, x), 10, 100, 3), 1.0) << x;
  // Among labels it is wrong.
  EXPECT_EQ(Score(truth, Edge(10, 100, 30), 10, 100, 3), 0.0);
}

TEST(BoundaryF1, ReachesExactlyAsFarAsItSays) {
  // A band of void of 2 k columns: its middle lies k columns from labels.
  for (const int64_t k : {2, 3, 4}) {
    std::vector<uint8_t> truth = Edge(10, 60, 30);
    for (int64_t y = 0; y < 10; ++y) {
      for (int64_t x = 30 - k; x < 30 + k; ++x) truth[static_cast<size_t>(60 * y + x)] = 255;
    }
    // A prediction ten columns off: the true boundary counts as missed where it lies within reach.
    const double score = Score(truth, Edge(10, 60, 30 + k - 1), 10, 60, static_cast<double>(k - 1));
    EXPECT_EQ(score, 1.0) << k;
    const double missed = Score(truth, Edge(10, 60, 15), 10, 60, static_cast<double>(k));
    EXPECT_EQ(missed, 0.0) << k;
  }
}

TEST(BoundaryF1, NeedsATolerance) {
  EXPECT_EQ(ErrorOf([] { CheckBoundaryTolerance(0.0075, "a"); }), "");
  for (double bad : {0.0, -1.0, 2.0, std::nan("")})
    EXPECT_NE(ErrorOf([bad] { CheckBoundaryTolerance(bad, "a"); }), "") << bad;
}

}  // namespace
}  // namespace seglab
