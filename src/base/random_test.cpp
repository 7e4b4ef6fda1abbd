#include "base/random.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>

namespace seglab {
namespace {

using testing::ElementsAre;

// Streams are part of what makes a run repeatable: the numbers may never change. The expected ones
// come from a Python transcription of SplitMix64 and xoshiro256**.
TEST(RandomStream, GivesTheSameNumbersForEver) {
  RandomStream random(1, 2, 3);
  EXPECT_EQ(random.Next(), 0xca69c028e6e283e8u);
  EXPECT_EQ(random.Next(), 0xc86df1a5f8f50802u);
  EXPECT_EQ(random.Next(), 0x24d29c12572ab43bu);
  EXPECT_EQ(random.Uniform(), 0x1.71d60d0617aaep-2);
  EXPECT_EQ(random.Int(1000), 796);
  EXPECT_EQ(MixSeed(1, 2, 3), 0xd0734750fde362b3u);
  EXPECT_EQ(RandomStream(8).Normal(), 0x1.8e30ba6eefd8ap-2);
  EXPECT_THAT(RandomOrder(8, 42, 7), ElementsAre(2, 4, 5, 6, 3, 0, 7, 1));
}

TEST(RandomStream, ChangesWithEveryPartOfTheKey) {
  std::set<uint64_t> first;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    for (uint64_t epoch = 0; epoch < 8; ++epoch) {
      for (uint64_t index = 0; index < 8; ++index) {
        first.insert(RandomStream(seed, epoch, index).Next());
        first.insert(MixSeed(seed, epoch, index));
      }
    }
  }
  EXPECT_EQ(first.size(), 2u * 512u);
}

TEST(RandomStream, NeighbouringStreamsAreUncorrelated) {
  constexpr int kStreams = 20000;
  double sum = 0;
  for (int i = 0; i < kStreams; ++i) {
    sum += (RandomStream(1, 2, i).Uniform() - 0.5) * (RandomStream(1, 2, i + 1).Uniform() - 0.5);
  }
  // Each product has the standard deviation 1/12; five of the mean's.
  EXPECT_LT(std::abs(sum / kStreams), 5.0 / 12.0 / std::sqrt(kStreams));
}

TEST(RandomStream, UniformStaysInItsRangeAndFillsIt) {
  RandomStream random(3);
  double low = 1, high = 0, sum = 0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    const double value = random.Uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    low = std::min(low, value);
    high = std::max(high, value);
    sum += value;
  }
  EXPECT_LT(low, 1e-3);
  EXPECT_GT(high, 1 - 1e-3);
  EXPECT_NEAR(sum / kCount, 0.5, 5 * std::sqrt(1.0 / 12 / kCount));
  for (int i = 0; i < 1000; ++i) {
    const double value = random.Uniform(-2.0, 3.0);
    ASSERT_GE(value, -2.0);
    ASSERT_LT(value, 3.0);
    // Numbers so near to each other that rounding would reach the upper one.
    ASSERT_EQ(random.Uniform(1.0, std::nextafter(1.0, 2.0)), 1.0);
  }
  EXPECT_EQ(random.Uniform(2.0, 2.0), 2.0);
}

TEST(RandomStream, IntIsUniform) {
  RandomStream random(4);
  constexpr int kSides = 6, kCount = 60000;
  int counts[kSides] = {};
  for (int i = 0; i < kCount; ++i) {
    const int64_t value = random.Int(kSides);
    ASSERT_GE(value, 0);
    ASSERT_LT(value, kSides);
    ++counts[value];
  }
  double chi_squared = 0;
  for (const int count : counts) {
    const double expected = static_cast<double>(kCount) / kSides;
    chi_squared += (count - expected) * (count - expected) / expected;
  }
  EXPECT_LT(chi_squared, 20.5);  // 5 degrees of freedom: exceeded with probability 0.001
}

TEST(RandomStream, IntCoversBothEnds) {
  RandomStream random(5);
  std::set<int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(random.Int(-1, 2));
  EXPECT_THAT(seen, ElementsAre(-1, 0, 1, 2));
  EXPECT_EQ(random.Int(1), 0);
  EXPECT_EQ(random.Int(7, 7), 7);
  EXPECT_GE(random.Int(INT64_MAX), 0);
  EXPECT_THROW(random.Int(0), std::logic_error);
  EXPECT_THROW(random.Int(2, 1), std::logic_error);
}

TEST(RandomStream, ChanceHasItsProbability) {
  RandomStream random(6);
  int hits = 0;
  for (int i = 0; i < 10000; ++i) {
    EXPECT_FALSE(random.Chance(0.0));
    EXPECT_TRUE(random.Chance(1.0));
    hits += random.Chance(0.3) ? 1 : 0;
  }
  EXPECT_NEAR(hits / 10000.0, 0.3, 5 * std::sqrt(0.3 * 0.7 / 10000));
}

TEST(RandomStream, NormalHasItsMoments) {
  RandomStream random(7);
  constexpr int kCount = 200000;
  double sum = 0, squares = 0, cubes = 0, fourths = 0;
  int beyond_two = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = random.Normal();
    sum += x;
    squares += x * x;
    cubes += x * x * x;
    fourths += x * x * x * x;
    beyond_two += std::abs(x) > 2 ? 1 : 0;
  }
  // Bounds of five standard deviations: those of x, x^2, x^3, x^4 are 1, sqrt 2, sqrt 15, sqrt 96.
  const double root = std::sqrt(kCount);
  EXPECT_NEAR(sum / kCount, 0, 5 / root);
  EXPECT_NEAR(squares / kCount, 1, 5 * std::sqrt(2.0) / root);
  EXPECT_NEAR(cubes / kCount, 0, 5 * std::sqrt(15.0) / root);
  EXPECT_NEAR(fourths / kCount, 3, 5 * std::sqrt(96.0) / root);
  EXPECT_NEAR(beyond_two / static_cast<double>(kCount), std::erfc(2 / std::sqrt(2.0)), 0.0025);
}

TEST(RandomOrder, IsAPermutationThatDependsOnSeedAndEpoch) {
  const std::vector<int64_t> order = RandomOrder(100, 1, 0);
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(sorted[i], i);
  EXPECT_EQ(RandomOrder(100, 1, 0), order);
  EXPECT_NE(RandomOrder(100, 1, 1), order);
  EXPECT_NE(RandomOrder(100, 2, 0), order);
  EXPECT_TRUE(RandomOrder(0, 1, 0).empty());
  EXPECT_THAT(RandomOrder(1, 1, 0), ElementsAre(0));
}

TEST(RandomOrder, GivesEveryPermutationEquallyOften) {
  std::map<std::vector<int64_t>, int> counts;
  constexpr int kCount = 12000;
  for (int epoch = 0; epoch < kCount; ++epoch) ++counts[RandomOrder(4, 9, epoch)];
  ASSERT_EQ(counts.size(), 24u);
  double chi_squared = 0;
  for (const auto& [order, count] : counts) {
    chi_squared += (count - kCount / 24.0) * (count - kCount / 24.0) / (kCount / 24.0);
  }
  EXPECT_LT(chi_squared, 49.7);  // 23 degrees of freedom: exceeded with probability 0.001
}

}  // namespace
}  // namespace seglab
