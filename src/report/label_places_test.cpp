#include "report/label_places.h"

#include <gtest/gtest.h>

namespace seglab {
namespace {

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

}  // namespace
}  // namespace seglab
