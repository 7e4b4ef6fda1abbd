#include "crf/dense_crf.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "base/test_error.h"
#include "crf/test_scene.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<int32_t> Map(DenseCrf& crf, const Scene& scene) {
  crf.SetImage(scene.image.data(), scene.height, scene.width, scene.unary.data(), scene.labels);
  crf.Run();
  std::vector<int32_t> map(static_cast<size_t>(scene.height * scene.width));
  crf.CopyMap(map.data());
  return map;
}

TEST(DenseCrfTest, MendsLabelsThatAreWrongAtRandom) {
  const Scene scene(80, 130, 3);
  DenseCrf crf(CrfPresets().back().options, 2);
  const auto map = Map(crf, scene);
  int before = 0, after = 0;
  const size_t n = map.size();
  for (size_t p = 0; p < n; ++p) {
    size_t best = 0;
    for (size_t l = 1; l < 3; ++l) {
      if (scene.unary[l * n + p] < scene.unary[best * n + p]) best = l;
    }
    before += static_cast<int>(best) != scene.truth[p];
    after += map[p] != scene.truth[p];
  }
  EXPECT_GT(before, 1000);
  EXPECT_LT(after, before / 20);
}

TEST(DenseCrfTest, OneObjectServesImagesOfAnySize) {
  DenseCrf crf(CrfOptions(), 2);
  const Scene large(70, 140, 5), small(3, 150, 2);
  const auto first = Map(crf, large);
  Map(crf, small);
  EXPECT_EQ(Map(crf, large), first);
}

TEST(DenseCrfTest, NoIterationsGiveTheUnaries) {
  const Scene scene(9, 11, 4);
  CrfOptions options;
  options.iterations = 0;
  DenseCrf crf(options, 1);
  Map(crf, scene);
  std::vector<float> q(scene.unary.size());
  crf.CopyQ(q.data());
  for (size_t i = 0; i < q.size(); ++i) EXPECT_NEAR(q[i], std::exp(-scene.unary[i]), 1e-5);
}

TEST(DenseCrfTest, ScoresAreUnariesTimesMinusOne) {
  const Scene scene(20, 20, 3);
  std::vector<float> scores;
  for (float u : scene.unary) scores.push_back(5 - u);
  DenseCrf crf(CrfOptions(), 1);
  const auto map = Map(crf, scene);
  crf.SetImage(scene.image.data(), 20, 20, scores.data(), 3, -1);
  crf.Run();
  std::vector<int32_t> other(map.size());
  crf.CopyMap(other.data());
  EXPECT_EQ(map, other);
}

TEST(DenseCrfTest, OnePixelAndOneRowWork) {
  DenseCrf crf(CrfOptions(), 2);
  for (auto [h, w] : {std::pair{1, 1}, {1, 40}, {40, 1}}) {
    const Scene scene(h, w, 2);
    EXPECT_EQ(Map(crf, scene).size(), static_cast<size_t>(h * w));
  }
}

TEST(DenseCrfTest, SaysWhatIsWrong) {
  const Scene scene(4, 5, 3);
  DenseCrf crf(CrfOptions(), 1);
  const auto set = [&](const std::vector<float>& unary, int labels) {
    crf.SetImage(scene.image.data(), 4, 5, unary.data(), labels, 1, "u.safetensors");
  };
  EXPECT_THAT(ErrorOf([&] { set(scene.unary, 1); }),
              AllOf(HasSubstr("u.safetensors"), HasSubstr("1 label;")));
  std::vector<float> bad = scene.unary;
  bad[17] = std::nanf("");
  EXPECT_THAT(ErrorOf([&] { set(bad, 3); }), HasSubstr("not a number"));
  bad[17] = -std::numeric_limits<float>::infinity();
  EXPECT_THAT(ErrorOf([&] { set(bad, 3); }), HasSubstr("infinitely likely"));
  EXPECT_THAT(ErrorOf([&] { crf.SetImage(nullptr, 10000, 10000, nullptr, 1000, 1, "u"); }),
              AllOf(HasSubstr("10000 x 10000"), HasSubstr("memory"), HasSubstr("free")));
  EXPECT_THAT(ErrorOf([&] { crf.SetImage(nullptr, 100000, 100000, nullptr, 2, 1, "u"); }),
              HasSubstr("at most"));

  CrfOptions small;
  small.bilateral_sigma_rgb = 1e-9;
  DenseCrf tiny(small, 1);
  EXPECT_THAT(ErrorOf([&] { tiny.SetImage(scene.image.data(), 4, 5, scene.unary.data(), 3); }),
              HasSubstr("too small"));
  CrfOptions square;
  square.compatibility = {{0, 1}, {1, 0}};
  DenseCrf two(square, 1);
  EXPECT_THAT(ErrorOf([&] { two.SetImage(scene.image.data(), 4, 5, scene.unary.data(), 3); }),
              AllOf(HasSubstr("compatibility"), HasSubstr("for 2 labels"), HasSubstr("has 3")));
}

}  // namespace
}  // namespace seglab
