#include "report/scatter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace seglab {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

void ExpectTidy(const std::vector<Mark>& marks, const std::vector<Box>& boxes, const Box& area) {
  ASSERT_EQ(boxes.size(), marks.size());
  for (size_t i = 0; i < boxes.size(); ++i) {
    EXPECT_EQ(boxes[i].width, marks[i].label_width) << i;
    EXPECT_GE(boxes[i].x, area.x) << i;
    EXPECT_GE(boxes[i].y, area.y) << i;
    EXPECT_LE(boxes[i].Right(), area.Right()) << i;
    EXPECT_LE(boxes[i].Bottom(), area.Bottom()) << i;
    for (size_t k = 0; k < boxes.size(); ++k) {
      EXPECT_TRUE(k == i || !Overlap(boxes[i], boxes[k])) << i << " and " << k;
      const Box dot = {marks[k].x - 3, marks[k].y - 3, 6, 6};
      EXPECT_FALSE(Overlap(boxes[i], dot)) << "label " << i << " on dot " << k;
      const Box bar = {marks[k].x - 1, marks[k].y - marks[k].bar, 2, 2 * marks[k].bar};
      EXPECT_FALSE(Overlap(boxes[i], bar)) << "label " << i << " on bar " << k;
    }
  }
}

TEST(Overlap, SharedEdgesAreNone) {
  EXPECT_TRUE(Overlap({0, 0, 2, 2}, {1, 1, 2, 2}));
  EXPECT_TRUE(Overlap({0, 0, 4, 4}, {1, 1, 1, 1}));
  EXPECT_FALSE(Overlap({0, 0, 2, 2}, {2, 0, 2, 2}));
  EXPECT_FALSE(Overlap({0, 0, 2, 2}, {0, 3, 2, 2}));
}

TEST(PlaceLabels, ALonelyLabelStandsRightOfItsPoint) {
  const std::vector<Box> boxes = PlaceLabels({{50, 50, 0, 30}}, {0, 0, 200, 100});
  ASSERT_EQ(boxes.size(), 1u);
  EXPECT_GT(boxes[0].x, 50);
  EXPECT_LT(boxes[0].x, 60);
  EXPECT_NEAR(boxes[0].y + boxes[0].height / 2, 50, 1e-9);
}

TEST(PlaceLabels, AtTheRightEdgeItStandsLeft) {
  const std::vector<Box> boxes = PlaceLabels({{190, 50, 0, 30}}, {0, 0, 200, 100});
  ASSERT_EQ(boxes.size(), 1u);
  EXPECT_LT(boxes[0].Right(), 190);
  EXPECT_GT(boxes[0].Right(), 180);
}

TEST(PlaceLabels, CrowdsAreSpread) {
  const Box area = {40, 20, 420, 260};
  std::vector<Mark> same, row, grid;
  for (int i = 0; i < 9; ++i) {
    same.push_back({250, 150, 12, 90});
    row.push_back({60.0 + 5 * i, 100, 4.0 * (i % 3), 110});
  }
  for (int i = 0; i < 15; ++i) {
    grid.push_back({120.0 + 80 * (i % 5), 120.0 + 9 * (i / 5), 10, i / 5 == 2 ? 130.0 : 52.0});
  }
  for (const std::vector<Mark>& marks : {same, row, grid}) {
    ExpectTidy(marks, PlaceLabels(marks, area), area);
  }
}

TEST(PlaceLabels, NoneWhereThereIsNoRoomForAll) {
  const std::vector<Mark> marks(40, {50, 50, 0, 60});
  EXPECT_TRUE(PlaceLabels(marks, {0, 0, 100, 100}).empty());
  EXPECT_TRUE(PlaceLabels({{50, 50, 0, 120}}, {0, 0, 100, 100}).empty());
  EXPECT_TRUE(PlaceLabels({}, {0, 0, 100, 100}).empty());
}

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
