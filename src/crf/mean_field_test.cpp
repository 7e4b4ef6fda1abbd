#include "crf/mean_field.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "crf/dense_crf.h"
#include "crf/test_brute_force.h"
#include "crf/test_scene.h"

namespace seglab {
namespace {

struct Difference {
  double mean, most, agree;
};

Difference Compare(const std::vector<float>& q, const std::vector<double>& exact, int labels) {
  Difference difference{0, 0, 0};
  const size_t n = q.size() / static_cast<size_t>(labels);
  for (size_t i = 0; i < q.size(); ++i) {
    const double d = std::abs(q[i] - exact[i]);
    difference.mean += d / static_cast<double>(q.size());
    difference.most = std::max(difference.most, d);
  }
  for (size_t p = 0; p < n; ++p) {
    size_t best = 0, best_exact = 0;
    for (size_t l = 1; l < static_cast<size_t>(labels); ++l) {
      if (q[l * n + p] > q[best * n + p]) best = l;
      if (exact[l * n + p] > exact[best_exact * n + p]) best_exact = l;
    }
    difference.agree += best == best_exact ? 1.0 / static_cast<double>(n) : 0;
  }
  return difference;
}

Difference Differs(const CrfOptions& options, const Scene& scene) {
  DenseCrf crf(options, 2);
  crf.SetImage(scene.image.data(), scene.height, scene.width, scene.unary.data(), scene.labels);
  crf.Run();
  std::vector<float> q(scene.unary.size());
  crf.CopyQ(q.data());
  BruteForce exact(options, scene.image, scene.height, scene.width, scene.unary, scene.labels);
  exact.Step(options.iterations);
  return Compare(q, exact.q(), scene.labels);
}

// The bounds are those that the authors' program keeps against all pairs.
TEST(MeanFieldTest, NearToAllPairsWithTheSpatialKernel) {
  CrfOptions options;
  options.bilateral_weight = 0;
  for (const auto& [normalisation, most] : {std::pair{Normalisation::kSymmetric, 0.02},
                                            {Normalisation::kAfter, 0.05},
                                            {Normalisation::kBefore, 0.05}}) {
    options.normalisation = normalisation;
    options.iterations = 1;
    const Difference difference = Differs(options, Scene(36, 44, 3));
    EXPECT_LT(difference.most, most);
    EXPECT_LT(difference.mean, 0.01);
    EXPECT_GT(difference.agree, 0.99);
  }
}

TEST(MeanFieldTest, NearToAllPairsWithBothKernels) {
  for (int iterations : {1, 10}) {
    CrfOptions options = CrfPresets().back().options;  // 10, 80, 13, 3, 3
    options.iterations = iterations;
    const Difference difference = Differs(options, Scene(36, 44, 3));
    EXPECT_LT(difference.mean, 0.01) << iterations;
    EXPECT_GT(difference.agree, 0.98) << iterations;
  }
}

TEST(MeanFieldTest, FullCompatibilityIsNearToAllPairs) {
  CrfOptions options = CrfPresets().back().options;
  options.compatibility = {{0, 1, 0.2}, {1, 0, 2}, {0.2, 2, 0}};
  options.iterations = 3;
  const Difference difference = Differs(options, Scene(30, 40, 3));
  EXPECT_LT(difference.mean, 0.01);
  EXPECT_GT(difference.agree, 0.98);
}

TEST(MeanFieldTest, PottsAsMatrixIsPotts) {
  const Scene scene(20, 30, 5);
  CrfOptions options;
  DenseCrf potts(options, 1);
  options.compatibility.assign(5, std::vector<double>(5, 1.0));
  for (size_t i = 0; i < 5; ++i) options.compatibility[i][i] = 0;
  DenseCrf matrix(options, 1);
  std::vector<float> a(scene.unary.size()), b(a);
  for (auto [crf, q] : {std::pair{&potts, &a}, {&matrix, &b}}) {
    crf->SetImage(scene.image.data(), 20, 30, scene.unary.data(), 5);
    crf->Run();
    crf->CopyQ(q->data());
  }
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-4);
}

TEST(MeanFieldTest, EveryNumberOfLabelsIsAsWithLabelsThatCannotBe) {
  // 21 labels of which 18 cannot be give what 3 labels give; so do 40, in more than one chunk.
  const Scene scene(24, 32, 3);
  CrfOptions options;
  DenseCrf crf(options, 2);
  crf.SetImage(scene.image.data(), 24, 32, scene.unary.data(), 3);
  crf.Run();
  std::vector<float> three(scene.unary.size());
  crf.CopyQ(three.data());
  for (int labels : {4, 5, 21, 33, 40, 70}) {
    std::vector<float> unary = scene.unary;
    unary.resize(static_cast<size_t>(labels * 24 * 32), std::numeric_limits<float>::infinity());
    crf.SetImage(scene.image.data(), 24, 32, unary.data(), labels);
    crf.Run();
    std::vector<float> q(unary.size());
    crf.CopyQ(q.data());
    for (size_t i = 0; i < three.size(); ++i) ASSERT_NEAR(q[i], three[i], 1e-5) << labels;
    for (size_t i = three.size(); i < q.size(); ++i) ASSERT_EQ(q[i], 0) << labels;
  }
}

TEST(MeanFieldTest, FreeEnergyIsThatOfAllPairsAndFalls) {
  const Scene scene(28, 36, 3);
  CrfOptions options = CrfPresets().back().options;
  DenseCrf crf(options, 2);
  crf.SetImage(scene.image.data(), 28, 36, scene.unary.data(), 3);
  std::vector<double> energies;
  crf.Step(5, &energies);
  energies.push_back(crf.FreeEnergy());
  ASSERT_EQ(energies.size(), 6u);
  BruteForce exact(options, scene.image, 28, 36, scene.unary, 3);
  EXPECT_NEAR(energies[0], exact.FreeEnergy(), 0.02 * std::abs(exact.FreeEnergy()));
  for (size_t i = 1; i < energies.size(); ++i) EXPECT_LE(energies[i], energies[i - 1] + 1e-3);

  // Taking the energy changes nothing.
  std::vector<float> with(scene.unary.size()), without(with);
  crf.CopyQ(with.data());
  crf.SetImage(scene.image.data(), 28, 36, scene.unary.data(), 3);
  crf.Step(5);
  crf.CopyQ(without.data());
  for (size_t i = 0; i < with.size(); ++i) ASSERT_NEAR(with[i], without[i], 1e-5);
}

TEST(MeanFieldTest, SameBitsForAnyNumberOfThreads) {
  const Scene scene(70, 90, 21);
  std::vector<std::vector<float>> qs;
  for (int threads : {1, 2, 3, 8}) {
    DenseCrf crf(CrfOptions(), threads);
    crf.SetImage(scene.image.data(), 70, 90, scene.unary.data(), 21);
    crf.Run();
    qs.emplace_back(scene.unary.size());
    crf.CopyQ(qs.back().data());
  }
  for (const auto& q : qs) EXPECT_EQ(q, qs[0]);
}

TEST(MeanFieldTest, WorksWithoutKernels) {
  const Scene scene(5, 7, 2);
  MeanField field(1);
  field.SetKernels(35, {});
  ASSERT_TRUE(field.SetUnary(scene.unary.data(), 2));
  field.Start();
  field.Step(3);
  std::vector<float> q(70);
  field.CopyQ(q.data());
  for (size_t i = 0; i < 35; ++i) EXPECT_NEAR(q[i] + q[35 + i], 1, 1e-6);
}

}  // namespace
}  // namespace seglab
