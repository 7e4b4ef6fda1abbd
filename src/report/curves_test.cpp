#include "report/curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "report/test_result.h"

namespace seglab {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pointwise;

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
  EXPECT_EQ(Count(html, "<li "), 2u);
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
