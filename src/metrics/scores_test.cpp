#include "metrics/scores.h"

#include <gmock/gmock.h>

#include <cmath>
#include <stdexcept>

#include "base/error.h"
#include "base/random.h"

namespace seglab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

ConfusionMatrix MakeMatrix(const std::vector<std::vector<int64_t>>& rows) {
  ConfusionMatrix matrix(static_cast<int>(rows.size()));
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < rows.size(); ++j) {
      matrix.Set(static_cast<int>(i), static_cast<int>(j), rows[i][j]);
    }
  }
  return matrix;
}

struct NaiveScores {
  double pixel_acc, mean_acc, mean_iou, fw_iou, mean_dice;
};

/// The sums of Long et al. 2015, section 5, one by one as printed; every class has pixels.
NaiveScores Naive(const std::vector<std::vector<int64_t>>& n) {
  const size_t classes = n.size();
  auto t = [&](size_t i) {
    double sum = 0;
    for (size_t j = 0; j < classes; ++j) sum += static_cast<double>(n[i][j]);
    return sum;
  };
  auto predicted = [&](size_t i) {
    double sum = 0;
    for (size_t j = 0; j < classes; ++j) sum += static_cast<double>(n[j][i]);
    return sum;
  };
  double sum_nii = 0, sum_t = 0, sum_acc = 0, sum_iou = 0, sum_weighted = 0, sum_dice = 0;
  for (size_t i = 0; i < classes; ++i) {
    const double nii = static_cast<double>(n[i][i]);
    sum_nii += nii;
    sum_t += t(i);
    sum_acc += nii / t(i);
    sum_iou += nii / (t(i) + predicted(i) - nii);
    sum_weighted += t(i) * nii / (t(i) + predicted(i) - nii);
    sum_dice += 2 * nii / (t(i) + predicted(i));
  }
  const double c = static_cast<double>(classes);
  return {sum_nii / sum_t, sum_acc / c, sum_iou / c, sum_weighted / sum_t, sum_dice / c};
}

TEST(ComputeScores, FollowsTheFormulasOnRandomMatrices) {
  RandomStream random(1);
  for (int trial = 0; trial < 50; ++trial) {
    const auto classes = static_cast<size_t>(random.Int(1, 30));
    std::vector<std::vector<int64_t>> n(classes, std::vector<int64_t>(classes));
    for (auto& row : n) {
      for (int64_t& cell : row) cell = random.Int(1, 1000);
    }
    const NaiveScores expected = Naive(n);
    for (const std::string& name : AbsentPolicyNames()) {
      // Without absent classes all policies agree.
      const Scores scores = ComputeScores(MakeMatrix(n), ParseAbsentPolicy(name));
      EXPECT_NEAR(scores.pixel_acc, expected.pixel_acc, 1e-12);
      EXPECT_NEAR(scores.mean_acc, expected.mean_acc, 1e-12);
      EXPECT_NEAR(scores.mean_iou, expected.mean_iou, 1e-12);
      EXPECT_NEAR(scores.fw_iou, expected.fw_iou, 1e-12);
      EXPECT_NEAR(scores.mean_dice, expected.mean_dice, 1e-12);
    }
  }
}

// Class 2 is absent everywhere, class 3 is only ever predicted. By hand:
//          t   predicted  n_ii   IU          acc    Dice
//   0      8       7        6    6/9 = 2/3   3/4    12/15 = 4/5
//   1     12      10        9    9/13        3/4    18/22 = 9/11
//   2      0       0        0    0/0         0/0    0/0
//   3      0       3        0    0           0/0    0
const std::vector<std::vector<int64_t>> kAbsent = {
    {6, 1, 0, 1}, {1, 9, 0, 2}, {0, 0, 0, 0}, {0, 0, 0, 0}};
constexpr double kIou = 2.0 / 3 + 9.0 / 13, kAcc = 0.75 + 0.75, kDice = 0.8 + 9.0 / 11;

struct PolicyCase {
  const char* policy;
  double mean_iou, mean_acc, mean_dice;
};

TEST(ComputeScores, TreatsAbsentClassesByName) {
  const double nan = std::nan("");
  const PolicyCase cases[] = {
      {"union", kIou / 3, kAcc / 2, kDice / 3},
      {"truth", kIou / 2, kAcc / 2, kDice / 2},
      {"one", (kIou + 1) / 4, (kAcc + 2) / 4, (kDice + 1) / 4},
      {"zero", kIou / 4, kAcc / 4, kDice / 4},
      {"nan", nan, nan, nan},
  };
  for (const PolicyCase& expected : cases) {
    SCOPED_TRACE(expected.policy);
    const Scores scores = ComputeScores(MakeMatrix(kAbsent), ParseAbsentPolicy(expected.policy));
    EXPECT_THAT(scores.mean_iou, testing::NanSensitiveDoubleNear(expected.mean_iou, 1e-12));
    EXPECT_THAT(scores.mean_acc, testing::NanSensitiveDoubleNear(expected.mean_acc, 1e-12));
    EXPECT_THAT(scores.mean_dice, testing::NanSensitiveDoubleNear(expected.mean_dice, 1e-12));
    // These two weigh by true pixels: no policy touches them.
    EXPECT_NEAR(scores.pixel_acc, 15.0 / 20, 1e-12);
    EXPECT_NEAR(scores.fw_iou, (8 * 2.0 / 3 + 12 * 9.0 / 13) / 20, 1e-12);
  }
}

TEST(ComputeScores, GivesEachClassItsScores) {
  const Scores scores = ComputeScores(MakeMatrix(kAbsent));
  EXPECT_EQ(scores.policy, AbsentPolicy::kUnion);
  ASSERT_EQ(scores.per_class.size(), 4u);
  EXPECT_NEAR(scores.per_class[1].iou, 9.0 / 13, 1e-12);
  EXPECT_NEAR(scores.per_class[1].acc, 0.75, 1e-12);
  EXPECT_NEAR(scores.per_class[1].dice, 9.0 / 11, 1e-12);
  EXPECT_EQ(scores.per_class[1].pixels, 12);
  EXPECT_TRUE(std::isnan(scores.per_class[2].iou));
  EXPECT_TRUE(std::isnan(scores.per_class[2].acc));
  EXPECT_TRUE(std::isnan(scores.per_class[2].dice));
  EXPECT_EQ(scores.per_class[3].iou, 0);
  EXPECT_TRUE(std::isnan(scores.per_class[3].acc));
  EXPECT_EQ(scores.per_class[3].dice, 0);
  EXPECT_EQ(scores.per_class[3].pixels, 0);
}

TEST(ComputeScores, IsExactForHugeCounts) {
  const int64_t huge = int64_t{1} << 60;
  const Scores scores = ComputeScores(MakeMatrix({{huge, 0}, {huge, huge}}));
  EXPECT_NEAR(scores.pixel_acc, 2.0 / 3, 1e-12);
  EXPECT_NEAR(scores.mean_iou, 0.5, 1e-12);
  EXPECT_NEAR(scores.mean_dice, 2.0 / 3, 1e-12);
}

TEST(AbsentPolicy, NamesGoBothWays) {
  EXPECT_THAT(AbsentPolicyNames(), ElementsAre("union", "truth", "one", "zero", "nan"));
  for (const std::string& name : AbsentPolicyNames()) {
    EXPECT_EQ(AbsentPolicyName(ParseAbsentPolicy(name)), name);
  }
  EXPECT_EQ(ParseAbsentPolicy("nan"), AbsentPolicy::kNan);
  EXPECT_THAT([] { ParseAbsentPolicy("unoin"); },
              ThrowsMessage<Error>(HasSubstr("did you mean \"union\"?")));
}

TEST(ScoresToJson, HasTheStableKeys) {
  const ConfusionMatrix matrix = MakeMatrix(kAbsent);
  const Scores scores = ComputeScores(matrix, AbsentPolicy::kTruth);
  const Json json = ScoresToJson(scores, matrix, {"background", "cat", "dog", "cow"}, 3);
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  EXPECT_THAT(keys, ElementsAre("pixel_acc", "mean_acc", "mean_iou", "fw_iou", "mean_dice",
                                "per_class", "confusion", "absent_policy", "images"));
  EXPECT_DOUBLE_EQ(json["mean_iou"].get<double>(), scores.mean_iou);
  EXPECT_EQ(json["confusion"], Json::parse("[[6,1,0,1],[1,9,0,2],[0,0,0,0],[0,0,0,0]]"));
  EXPECT_EQ(json["absent_policy"], "truth");
  EXPECT_EQ(json["images"], 3);
  ASSERT_EQ(json["per_class"].size(), 4u);
  EXPECT_EQ(json["per_class"][0].dump(),
            R"({"name":"background","iou":0.6666666666666666,"acc":0.75,"dice":0.8,"pixels":8})");
  EXPECT_EQ(json["per_class"][2].dump(),
            R"({"name":"dog","iou":null,"acc":null,"dice":null,"pixels":0})");
  EXPECT_THROW(ScoresToJson(scores, matrix, {"too", "few"}, 3), std::logic_error);
}

TEST(ScoresToJson, WritesNullForAnEmptyMatrix) {
  const ConfusionMatrix matrix(2);
  const Scores scores = ComputeScores(matrix);
  const Json json = ScoresToJson(scores, matrix, {"a", "b"}, 0);
  for (const char* key : {"pixel_acc", "mean_acc", "mean_iou", "fw_iou", "mean_dice"}) {
    EXPECT_TRUE(json[key].is_null()) << key;
  }
  EXPECT_EQ(json["confusion"].dump(), "[[0,0],[0,0]]");
  EXPECT_THAT(ScoresToText(scores, {"a", "b"}, 0), HasSubstr("mean IU -"));
}

TEST(ScoresToText, IsATableInPercent) {
  const Scores scores = ComputeScores(MakeMatrix(kAbsent));
  EXPECT_EQ(ScoresToText(scores, {"background", "cat", "d\xC3\xB6g", "cow"}, 1),
            "pixel acc 75.0   mean acc 75.0   mean IU 45.3   f.w. IU 68.2   mean Dice 53.9\n"
            "1 image, percent, absent classes: union\n"
            "\n"
            "class           IU     acc    Dice        pixels\n"
            "background    66.7    75.0    80.0             8\n"
            "cat           69.2    75.0    81.8            12\n"
            "d\xC3\xB6g              -       -       -             0\n"
            "cow            0.0       -     0.0             0\n");
}

}  // namespace
}  // namespace seglab
