#include "bench/result.h"

#include <gmock/gmock.h>

namespace seglab {
namespace {

using testing::HasSubstr;

BenchResult Result() {
  return {.kind = "inference",
          .what = "a network",
          .item = "image",
          .items = 4,
          .timing = Timing({0.5, 0.4, 1.0}),
          .floor = Floor{0.25, "a reason"},
          .figures = {{"memory", "12 MB"}}};
}

TEST(BenchResult, SaysTheMedianTheRateAndTheFloor) {
  const std::string text = Result().ToText();
  EXPECT_THAT(text, HasSubstr("median   500 ms (fastest 400 ms"));
  EXPECT_THAT(text, HasSubstr("rate     8 images a second"));
  EXPECT_THAT(text, HasSubstr("floor    250 ms: a reason; we take 2 times as long"));
  EXPECT_THAT(text, HasSubstr("memory   12 MB"));
}

TEST(BenchResult, JsonHasAllOfIt) {
  const Json json = Result().ToJson();
  EXPECT_EQ(json["kind"], "inference");
  EXPECT_EQ(json["seconds"]["median"], 0.5);
  EXPECT_EQ(json["items_per_second"], 8.0);
  EXPECT_EQ(json["floor"]["ratio"], 2.0);
  EXPECT_EQ(json["memory"], "12 MB");
  BenchResult without = Result();
  without.floor.reset();
  EXPECT_FALSE(without.ToJson().contains("floor"));
}

}  // namespace
}  // namespace seglab
