#include "crf/lattice.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

namespace seglab {
namespace {

using Planes = std::vector<std::vector<float>>;

Planes RandomFeatures(int dimensions, int64_t n, float size, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> place(0, size);
  Planes planes(static_cast<size_t>(dimensions));
  for (auto& plane : planes) {
    for (int64_t i = 0; i < n; ++i) plane.push_back(place(random));
  }
  return planes;
}

std::vector<float> Filter(const Planes& features, const std::vector<float>& in, int width,
                          int threads = 1) {
  std::vector<const float*> planes;
  for (const auto& plane : features) planes.push_back(plane.data());
  const auto n = static_cast<int64_t>(features[0].size());
  Lattice lattice;
  HugeVector<float> values;
  std::vector<float> out(in.size(), 0.0f);
  RunTeam(threads, [&](Member& member) {
    lattice.Build(member, planes, n);
    if (member.index() == 0) Reserve(values, static_cast<size_t>(lattice.points() * width));
    member.Wait();
    lattice.Splat(member, in.data(), width, width, values.data());
    lattice.Blur(member, width, values.data());
    const auto [first, last] = member.Share(n);
    lattice.SliceAdd(first, last, values.data(), width, width, 0, in.data(), out.data());
  });
  const auto alpha = static_cast<float>(1 / (1 + std::ldexp(1.0, -lattice.dimensions())));
  for (float& value : out) value *= alpha;
  return out;
}

/// Sums of the kernel over all pairs.
std::vector<double> Exact(const Planes& features, const std::vector<float>& in) {
  std::vector<double> out(in.size(), 0.0);
  for (size_t i = 0; i < in.size(); ++i) {
    for (size_t j = 0; j < in.size(); ++j) {
      double distance = 0;
      for (const auto& plane : features) distance += std::pow(plane[i] - plane[j], 2.0);
      out[i] += std::exp(-0.5 * distance) * in[j];
    }
  }
  return out;
}

TEST(LatticeTest, NormalisedItIsNearTheGaussianInEveryDimension) {
  for (int d : {1, 2, 3, 5, 7}) {
    const int64_t n = 1500;
    const Planes features = RandomFeatures(d, n, 3.0f);
    std::vector<float> wave, ones(static_cast<size_t>(n), 1.0f);
    for (int64_t i = 0; i < n; ++i) wave.push_back(std::sin(features[0][static_cast<size_t>(i)]));
    const auto filtered = Filter(features, wave, 1);
    const auto sums = Filter(features, ones, 1);
    const auto exact = Exact(features, wave);
    const auto exact_sums = Exact(features, ones);
    double error = 0, spread = 0;
    for (size_t i = 0; i < wave.size(); ++i) {
      const double want = exact[i] / exact_sums[i];
      error += std::abs(filtered[i] / sums[i] - want);
      spread += std::abs(want);
    }
    EXPECT_LT(error / spread, 0.12) << d << " dimensions";
  }
}

TEST(LatticeTest, IsSymmetricExceptForTheOrderOfItsBlurs) {
  const int64_t n = 400;
  const Planes features = RandomFeatures(2, n, 4.0f);
  std::vector<float> a(static_cast<size_t>(n), 0.0f), b(a);
  a[7] = 1;
  b[100] = 1;
  const float ab = Filter(features, a, 1)[100];
  const float ba = Filter(features, b, 1)[7];
  EXPECT_NEAR(ab, ba, 0.02f);
}

TEST(LatticeTest, ManyChannelsAreFilteredAsEachAlone) {
  const int64_t n = 300;
  const Planes features = RandomFeatures(5, n, 6.0f);
  for (int width : {4, 12, 16, 20, 24, 28, 32}) {
    std::mt19937 random(3);
    std::vector<float> rows;
    for (int64_t i = 0; i < n * width; ++i)
      rows.push_back(static_cast<float>(random() % 100) * 0.01f);
    const auto together = Filter(features, rows, width);
    for (int channel : {0, 3, width - 1}) {
      std::vector<float> alone;
      for (int64_t i = 0; i < n; ++i)
        alone.push_back(rows[static_cast<size_t>(i * width + channel)]);
      const auto out = Filter(features, alone, 1);
      for (int64_t i = 0; i < n; ++i) {
        ASSERT_NEAR(together[static_cast<size_t>(i * width + channel)], out[static_cast<size_t>(i)],
                    1e-5)
            << width;
      }
    }
  }
}

TEST(LatticeTest, SameBitsForAnyNumberOfThreads) {
  const int64_t n = 5000;
  const Planes features = RandomFeatures(5, n, 20.0f);
  std::vector<float> in;
  for (int64_t i = 0; i < n * 4; ++i) in.push_back(std::sin(static_cast<float>(i)));
  const auto one = Filter(features, in, 4, 1);
  EXPECT_EQ(Filter(features, in, 4, 2), one);
  EXPECT_EQ(Filter(features, in, 4, 5), one);
}

TEST(LatticeTest, ManyDimensionsTakeWideKeys) {
  // 12 dimensions of 30 standard deviations need more than 64 bits.
  const int64_t n = 200;
  Planes features = RandomFeatures(12, n, 30.0f);
  for (auto& plane : features) plane[1] = plane[0] + 0.01f;
  std::vector<float> in(static_cast<size_t>(n), 0.0f);
  in[0] = 1;
  const auto out = Filter(features, in, 1);
  EXPECT_GT(out[1], 0.5f * out[0]);
  const std::vector<float> least(12, 0.0f), most(12, 30.0f), far(12, 1e9f);
  EXPECT_TRUE(Lattice::Fits(least, most));
  EXPECT_FALSE(Lattice::Fits(least, far));
}

TEST(LatticeTest, OnePixelGivesToItselfAlone) {
  const Planes features = {{0.3f}, {0.7f}};
  // The blur leaves 3 of the simplex' corners, which give to one another.
  EXPECT_GT(Filter(features, {2.0f}, 1)[0], 1.0f);
}

TEST(LatticeTest, IsBuiltAnewForASmallerSet) {
  Lattice lattice;
  std::vector<int64_t> points;
  for (int64_t n : {2000, 50, 2000}) {
    const Planes features = RandomFeatures(3, n, 10.0f);
    std::vector<const float*> planes;
    for (const auto& plane : features) planes.push_back(plane.data());
    RunTeam(2, [&](Member& member) { lattice.Build(member, planes, n); });
    EXPECT_EQ(lattice.pixels(), n);
    points.push_back(lattice.points());
  }
  EXPECT_EQ(points[0], points[2]);
  EXPECT_LT(points[1], points[0]);
}

}  // namespace
}  // namespace seglab
