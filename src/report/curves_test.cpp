#include "report/curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace seglab {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pointwise;

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

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

TEST(MovingAverage, StaysSymmetricAtTheEnds) {
  EXPECT_THAT(MovingAverage({1, 2, 6, 4, 5}, 3), Pointwise(DoubleNear(1e-12), {1, 3, 4, 5, 5}));
  EXPECT_THAT(MovingAverage({1, 2, 6}, 1), ElementsAre(1, 2, 6));
  EXPECT_TRUE(MovingAverage({}, 5).empty());
}

TEST(PlotHtml, NothingToDraw) {
  EXPECT_EQ(PlotHtml({}, {}), "");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(PlotHtml({{"a", "a", 0, {1, 2}, {nan, nan}}}, {}), "");
}

TEST(PlotHtml, OneLegendEntryForEachGroup) {
  const std::vector<Series> series = {{"a [seed=1]", "a", 0, {1, 2}, {3, 4}},
                                      {"a [seed=2]", "a", 0, {1, 2}, {4, 5}},
                                      {"b<", "b<", 1, {1, 2}, {5, 6}}};
  const std::string html = PlotHtml(series, {.title = "loss", .x_label = "x", .y_label = "y"});
  EXPECT_EQ(Count(html, "<li>"), 2u);
  EXPECT_EQ(Count(html, "class=\"label"), 2u);
  EXPECT_EQ(Count(html, "<circle"), 6u);
  EXPECT_THAT(html, HasSubstr("a [seed=2]: 5 at x 2"));
  EXPECT_THAT(html, HasSubstr("b&lt;"));
  EXPECT_THAT(html, Not(HasSubstr("b<<")));
}

TEST(PlotHtml, ValuesOutsideTheNumbersAreLeftOut) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string html =
      PlotHtml({{"a", "a", 0, {1, 2, 3, 4}, {1, nan, infinity, 2}}}, {.title = "t"});
  EXPECT_EQ(Count(html, "<circle"), 2u);
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  EXPECT_THAT(html, Not(HasSubstr("inf")));
}

TEST(PlotHtml, LongRawLinesAreThinned) {
  Series series{"a", "a", 0, {}, {}};
  for (int i = 0; i < 100000; ++i) {
    series.x.push_back(i);
    series.y.push_back(i % 7);
  }
  const std::string html = PlotHtml({series}, {.title = "t", .smooth = true});
  EXPECT_LT(html.size(), 40000u);
  EXPECT_THAT(html, HasSubstr("class=\"raw c0\""));
}

TEST(PlotHtml, WideRangesGetALogarithmicAxis) {
  const std::vector<Series> series = {{"a", "a", 0, {1, 2, 3}, {1000, 10, 1}}};
  EXPECT_THAT(PlotHtml(series, {.y_label = "loss", .may_log = true}),
              HasSubstr("loss (logarithmic)"));
  EXPECT_THAT(PlotHtml(series, {.y_label = "loss"}), Not(HasSubstr("logarithmic")));
}

}  // namespace
}  // namespace seglab
