#include "bench/timing.h"

#include <gmock/gmock.h>

#include "base/test_error.h"

namespace seglab {
namespace {

using testing::HasSubstr;

TEST(Timing, QuantilesLieBetweenTheRepeats) {
  const Timing timing({5, 1, 2, 9});
  EXPECT_EQ(timing.repeats(), 4);
  EXPECT_DOUBLE_EQ(timing.Fastest(), 1);
  EXPECT_DOUBLE_EQ(timing.Slowest(), 9);
  EXPECT_DOUBLE_EQ(timing.Median(), 3.5);
  EXPECT_DOUBLE_EQ(timing.Quantile(0.25), 1.75);
  EXPECT_DOUBLE_EQ(timing.Quantile(0), 1);
  EXPECT_DOUBLE_EQ(timing.Quantile(1), 9);
  EXPECT_DOUBLE_EQ(Timing({4}).Quantile(0.75), 4);
}

TEST(Repeat, CountsWhatComesBehindTheWarmUp) {
  RepeatOptions options;
  options.warm_up = 3;
  options.repeats = 4;
  int calls = 0;
  EXPECT_EQ(Repeat([&] { ++calls; }, options).repeats(), 4);
  EXPECT_EQ(calls, 7);
  options.repeats = 0;
  options.seconds = 0;
  EXPECT_EQ(Repeat([&] { ++calls; }, options).repeats(), RepeatOptions::kFewest);
}

TEST(Repeat, RefusesWrongOptions) {
  RepeatOptions options;
  options.warm_up = -1;
  EXPECT_THAT(ErrorOf([&] { Repeat([] {}, options); }), HasSubstr(".warm_up: must be 0 or more"));
  options = {};
  options.repeats = -2;
  EXPECT_THAT(ErrorOf([&] { Repeat([] {}, options); }), HasSubstr(".repeats"));
  options = {};
  options.seconds = -1;
  EXPECT_THAT(ErrorOf([&] { Repeat([] {}, options); }), HasSubstr(".seconds"));
}

}  // namespace
}  // namespace seglab
