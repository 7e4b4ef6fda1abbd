#include "report/ticks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seglab {
namespace {

using testing::DoubleNear;
using testing::Pointwise;

TEST(RoundTicks, AreRoundAndEncloseTheValues) {
  EXPECT_THAT(RoundTicks(0, 97, 5), Pointwise(DoubleNear(1e-9), {0, 20, 40, 60, 80, 100}));
  EXPECT_THAT(RoundTicks(0.1, 0.3, 2), Pointwise(DoubleNear(1e-9), {0.1, 0.2, 0.3}));
  EXPECT_THAT(RoundTicks(-3, 4, 4), Pointwise(DoubleNear(1e-9), {-4, -2, 0, 2, 4}));
  EXPECT_THAT(RoundTicks(2000, 60000, 3), Pointwise(DoubleNear(1e-9), {0, 20000, 40000, 60000}));
}

TEST(RoundTicks, EqualValuesGetRoomAroundThem) {
  for (double value : {-2.0, 0.0, 85.0}) {
    const std::vector<double> ticks = RoundTicks(value, value, 5);
    EXPECT_LT(ticks.front(), value);
    EXPECT_GT(ticks.back(), value);
  }
}

TEST(LogTicks, EncloseTheValues) {
  EXPECT_THAT(LogTicks(0.03, 1.5),
              Pointwise(DoubleNear(1e-9), {0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0}));
  EXPECT_THAT(LogTicks(3, 30000), Pointwise(DoubleNear(1e-6), {1, 10, 100, 1000, 10000, 100000}));
  const std::vector<double> wide = LogTicks(1e-14, 10);
  EXPECT_LE(wide.size(), 7u);
  EXPECT_LE(wide.front(), 1e-14);
  EXPECT_GE(wide.back(), 10);
}

TEST(FormatTick, IsShort) {
  EXPECT_EQ(FormatTick(0), "0");
  EXPECT_EQ(FormatTick(0.1 + 0.2), "0.3");
  EXPECT_EQ(FormatTick(400), "400");
  EXPECT_EQ(FormatTick(20000), "20k");
  EXPECT_EQ(FormatTick(1.5e6), "1.5M");
}

}  // namespace
}  // namespace seglab
