#include "regions/feature_rows.h"

#include <gmock/gmock.h>

#include <limits>

#include "base/test_error.h"

namespace seglab {
namespace {

using ::testing::HasSubstr;

TEST(SolverRowsTest, ScoresAsDenseRows) {
  SolverRows rows(4, 10, .5);
  const int64_t slot = rows.Add(std::vector<float>{1, 0, -3, 2});
  const std::vector<float> weights = {2, 7, 1, .25f};
  EXPECT_DOUBLE_EQ(rows.Score(slot, weights, -1), .5 * (2 - 3 + .5) - 1);
}

TEST(SolverRowsTest, ZerosTakeNoMemory) {
  SolverRows rows(5, 10);
  const int64_t dense = rows.Add(std::vector<float>{1, 2, 3, 4, 5});
  EXPECT_EQ(rows.bytes(), 16 * (5 + 2));
  const int64_t sparse = rows.Add(std::vector<float>{0, 0, 3, 0, 0});
  EXPECT_EQ(rows.bytes(), 16 * (5 + 2 + 1 + 2));
  rows.Remove(dense);
  EXPECT_EQ(rows.bytes(), 16 * (1 + 2));
  rows.Remove(sparse);
  EXPECT_EQ(rows.bytes(), 0);
  EXPECT_EQ(rows.peak_bytes(), 16 * 10);
  SolverRows without_bias(5, 0);
  without_bias.Add(std::vector<float>{0, 0, 3, 0, 0});
  EXPECT_EQ(without_bias.bytes(), 16 * 2);
}

TEST(SolverRowsTest, SlotsAreUsedAgainAndOthersStay) {
  SolverRows rows(1, 0);
  const std::vector<float> one = {1};
  const int64_t first = rows.Add(std::vector<float>{2});
  const int64_t second = rows.Add(std::vector<float>{3});
  rows.Remove(first);
  EXPECT_EQ(rows.rows(), 1);
  EXPECT_EQ(rows.Add(std::vector<float>{5}), first);
  EXPECT_EQ(rows.Score(first, one, 0), 5);
  EXPECT_EQ(rows.Score(second, one, 0), 3);
  rows.Remove(second);
  EXPECT_THROW(rows.Score(second, one, 0), std::logic_error);
}

TEST(SolverRowsTest, SaysWhatIsWrong) {
  SolverRows rows(2, 10);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(ErrorOf([&] { rows.Add(std::vector<float>{1, nan}); }), HasSubstr("not finite"));
  EXPECT_THROW(rows.Add(std::vector<float>{1}), std::logic_error);
  EXPECT_THAT(ErrorOf([] { SolverRows(0, 10); }), HasSubstr("have 0 values"));
  EXPECT_THAT(ErrorOf([] { SolverRows(2, -1); }), HasSubstr("bias multiplier is -1"));
  EXPECT_THAT(ErrorOf([] { SolverRows(2, 1, 0); }), HasSubstr("scale of features is 0"));
}

}  // namespace
}  // namespace seglab
