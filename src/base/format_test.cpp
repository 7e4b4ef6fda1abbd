#include "base/format.h"

#include <gtest/gtest.h>

#include <limits>

namespace seglab {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Fixed, RoundsToDigits) {
  EXPECT_EQ(Fixed(3.14159, 2), "3.14");
  EXPECT_EQ(Fixed(-0.5, 0), "-0");
  EXPECT_EQ(Fixed(1e308, 1).size(), 311u);
}

TEST(Significant, KeepsSoManyFigures) {
  EXPECT_EQ(Significant(0.25, 4), "0.25");
  EXPECT_EQ(Significant(4.25, 2), "4.2");
  EXPECT_EQ(Significant(1234567, 4), "1.235e+06");
  EXPECT_EQ(Significant(7, 10), "7");
}

TEST(FormatPercent, HasOneDecimal) {
  EXPECT_EQ(FormatPercent(62.449), "62.4");
  EXPECT_EQ(FormatPercent(100), "100.0");
  EXPECT_EQ(FormatPercent(kNan), "-");
}

TEST(FormatCount, HasOneDecimal) {
  EXPECT_EQ(FormatCount(512), "512");
  EXPECT_EQ(FormatCount(20'101), "20.1 k");
  EXPECT_EQ(FormatCount(999'960), "1.0 M");
  EXPECT_EQ(FormatCount(134'489'000), "134.5 M");
  EXPECT_EQ(FormatCount(1'200'000'000), "1.2 G");
}

TEST(FormatThreeFigures, RollsOverToTheNextUnit) {
  EXPECT_EQ(FormatThreeFigures(0), "0");
  EXPECT_EQ(FormatThreeFigures(999), "999");
  EXPECT_EQ(FormatThreeFigures(1000), "1.00 k");
  EXPECT_EQ(FormatThreeFigures(20'149), "20.1 k");
  EXPECT_EQ(FormatThreeFigures(999'499), "999 k");
  EXPECT_EQ(FormatThreeFigures(999'500), "1.00 M");
  EXPECT_EQ(FormatThreeFigures(4'089'184'256), "4.09 G");
  EXPECT_EQ(FormatThreeFigures(std::numeric_limits<int64_t>::max()), "9223 P");
}

TEST(FormatGrouped, GroupsByThousands) {
  EXPECT_EQ(FormatGrouped(0), "0");
  EXPECT_EQ(FormatGrouped(999), "999");
  EXPECT_EQ(FormatGrouped(1000), "1,000");
  EXPECT_EQ(FormatGrouped(134'346'581), "134,346,581");
  EXPECT_EQ(FormatGrouped(-123), "-123");
  EXPECT_EQ(FormatGrouped(-1234), "-1,234");
}

TEST(FormatBytes, NamesTheUnit) {
  EXPECT_EQ(FormatBytes(512), "512 B");
  EXPECT_EQ(FormatBytes(1'500'000), "1.50 MB");
}

TEST(FormatDuration, PicksTwoUnits) {
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(12.4), "12s");
  EXPECT_EQ(FormatDuration(59.6), "1m 00s");
  EXPECT_EQ(FormatDuration(200), "3m 20s");
  EXPECT_EQ(FormatDuration(3725), "1h 02m");
  EXPECT_EQ(FormatDuration(100 * 3600.0), "100h 00m");
  EXPECT_EQ(FormatDuration(-1), "0s");
  EXPECT_EQ(FormatDuration(kNan), "-");
  EXPECT_EQ(FormatDuration(kInfinity), "-");
}

TEST(CutMiddle, KeepsBothEnds) {
  EXPECT_EQ(CutMiddle("abcdef", 6), "abcdef");
  EXPECT_EQ(CutMiddle("abcdef", 5), "ab…ef");
  EXPECT_EQ(CutMiddle("abcdef", 4), "ab…f");
  EXPECT_EQ(CutMiddle("äöüßäö", 3), "ä…ö");
  EXPECT_EQ(CutMiddle("abcdef", 1), "…");
}

}  // namespace
}  // namespace seglab
