#include "base/format.h"

#include <gtest/gtest.h>

namespace seglab {
namespace {

TEST(Fixed, RoundsToDigits) {
  EXPECT_EQ(Fixed(3.14159, 2), "3.14");
  EXPECT_EQ(Fixed(-0.5, 0), "-0");
  EXPECT_EQ(Fixed(1e308, 1).size(), 311u);
}

TEST(FormatDuration, PicksTwoUnits) {
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(12.4), "12s");
  EXPECT_EQ(FormatDuration(59.6), "1m 00s");
  EXPECT_EQ(FormatDuration(200), "3m 20s");
  EXPECT_EQ(FormatDuration(3725), "1h 02m");
  EXPECT_EQ(FormatDuration(100 * 3600.0), "100h 00m");
  EXPECT_EQ(FormatDuration(-1), "0s");
}

}  // namespace
}  // namespace seglab
