#include "report/scatter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "report/test_result.h"

#include "base/error.h"

namespace seglab {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(ScatterHtml, NothingToDraw) {
  EXPECT_EQ(ScatterHtml({}, {}), "");
  EXPECT_EQ(ScatterHtml({{"a", "a", 0, 1, kNan, 0}, {"b", "b", 0, kNan, 1, 0}}, {}), "");
  EXPECT_EQ(ScatterHtml({{"a", "a", 0, 0, 1, 0}}, {.log_x = true}), "");
}

TEST(ScatterHtml, EachPointHasDotAndLabel) {
  const std::string html =
      ScatterHtml({{"one <", "tip & one", 0, 10, 40, 2}, {"two", "tip two", 1, 20, 60, kNan}},
                  {.title = "cost", .x_label = "seconds", .y_label = "score"});
  EXPECT_EQ(Count(html, "<circle"), 2u);
  EXPECT_EQ(Count(html, "class=\"label "), 2u);
  EXPECT_EQ(Count(html, "class=\"bar "), 1u);
  EXPECT_EQ(Count(html, "class=\"join "), 0u);
  for (const char* text : {">one &lt;<", ">two<", "tip &amp; one", ">cost<", ">seconds<"}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
  EXPECT_THAT(html, Not(HasSubstr("nan")));
}

TEST(ScatterHtml, PointsOfOneColorAreJoined) {
  const std::vector<ScatterPoint> points = {{"a", "a", 0, 1, 1, 0},
                                            {"b", "b", 1, 1, 2, 0},
                                            {"c", "c", 0, 2, 3, 0},
                                            {"d", "d", 0, 3, 4, 0}};
  const std::string html = ScatterHtml(points, {});
  EXPECT_EQ(Count(html, "class=\"join c0\""), 2u);
  EXPECT_EQ(Count(html, "class=\"join c1\""), 0u);
}

TEST(ScatterHtml, ColorsThatComeAgainAreHollow) {
  const std::string html = ScatterHtml({{"a", "a", 0, 1, 1, 0}, {"b", "b", 7, 2, 2, 0}}, {});
  EXPECT_EQ(Count(html, "class=\"dot c0\""), 1u);
  EXPECT_EQ(Count(html, "class=\"dot c0 hollow\""), 1u);
}

TEST(ScatterHtml, LogarithmicAxis) {
  const std::vector<ScatterPoint> points = {{"a", "a", 0, 1e5, 1, 0}, {"b", "b", 1, 1e8, 2, 0}};
  const std::string html = ScatterHtml(points, {.x_label = "parameters", .log_x = true});
  EXPECT_THAT(html, HasSubstr("parameters (logarithmic)"));
  EXPECT_THAT(html, HasSubstr(">10M<"));
  EXPECT_THAT(ScatterHtml(points, {}), Not(HasSubstr(">10M<")));
}

TEST(ScatterHtml, OnePointOrEqualPointsStillHaveAxes) {
  for (const bool log : {false, true}) {
    const std::string html =
        ScatterHtml({{"a", "a", 0, 1e6, 50, 0}, {"b", "b", 1, 1e6, 50, 0}}, {.log_x = log});
    EXPECT_EQ(Count(html, "<circle"), 2u);
    EXPECT_THAT(html, Not(HasSubstr("nan")));
    EXPECT_THAT(html, Not(HasSubstr("inf")));
  }
}

TEST(ScatterHtml, ManyLabelsMakeThePlotHigher) {
  std::vector<ScatterPoint> points;
  for (int i = 0; i < 40; ++i) {
    const std::string name = StrCat("a rather long label ", i);
    points.push_back({name, name, i, 1.0 + i % 4, 50, 0});
  }
  const std::string html = ScatterHtml(points, {});
  EXPECT_EQ(Count(html, "class=\"label "), 40u);
  EXPECT_THAT(html, Not(HasSubstr("viewBox=\"0 0 480 320\"")));
}

}  // namespace
}  // namespace seglab
