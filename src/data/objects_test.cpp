#include "data/objects.h"

#include <gtest/gtest.h>

#include "base/test_error.h"

namespace seglab {
namespace {

cv::Mat Labels(int rows, int columns, std::initializer_list<int> values) {
  cv::Mat labels(rows, columns, CV_8UC1);
  auto value = values.begin();
  for (int i = 0; i < rows * columns; ++i)
    labels.at<uint8_t>(i / columns, i % columns) = static_cast<uint8_t>(*value++);
  return labels;
}

TEST(Objects, ConnectedPiecesOfAClass) {
  const cv::Mat truth = Labels(3, 6,
                               {2, 0, 2, 255, 1, 1,  //
                                0, 2, 0, 255, 0, 1,  //
                                0, 0, 0, 255, 2, 0});
  const ObjectMap map = ConnectedObjects(truth);
  EXPECT_EQ(map.classes, (std::vector<int>{1, 2, 2}));
  EXPECT_EQ(map.ids.at<uint16_t>(0, 0), map.ids.at<uint16_t>(0, 2)) << "diagonal neighbours";
  EXPECT_NE(map.ids.at<uint16_t>(0, 0), map.ids.at<uint16_t>(2, 4));
  EXPECT_EQ(map.ids.at<uint16_t>(1, 3), 255);
  EXPECT_EQ(map.ids.at<uint16_t>(2, 0), 0);
  EXPECT_EQ(map.ids.at<uint16_t>(1, 5), map.objects[0]);
}

TEST(Objects, NumbersLeaveVoidOut) {
  cv::Mat truth = cv::Mat::zeros(1, 700, CV_8UC1);
  for (int x = 0; x < 700; x += 2) truth.at<uint8_t>(0, x) = 1;
  const ObjectMap map = ConnectedObjects(truth);
  ASSERT_EQ(map.objects.size(), 350u);
  for (size_t i = 0; i < 350; ++i) {
    EXPECT_NE(map.objects[i], 255);
    EXPECT_EQ(map.ids.at<uint16_t>(0, static_cast<int>(2 * i)), map.objects[i]);
  }
}

TEST(Objects, DrawnOnesAreOfTheClassOfMostPixels) {
  const cv::Mat truth = Labels(2, 4, {1, 1, 2, 0, 255, 1, 2, 0});
  const cv::Mat ids = Labels(2, 4, {4, 4, 4, 7, 4, 9, 9, 255});
  const ObjectMap map = DrawnObjects(ids, truth, "a");
  EXPECT_EQ(map.objects, (std::vector<int>{4, 9}));
  EXPECT_EQ(map.classes, (std::vector<int>{1, 1}));
}

TEST(Objects, ABoxIsTight) {
  const ObjectMap map = ConnectedObjects(Labels(3, 4, {0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(BoxOf(map, map.objects.at(0)), cv::Rect(1, 1, 2, 2));
}

TEST(Objects, OfAnotherSizeAreRefused) {
  EXPECT_EQ(ErrorOf([] {
              DrawnObjects(Labels(1, 2, {1, 1}), Labels(1, 1, {1}), "a");
            }),
            "a: the objects are of 1 x 2 pixels (rows x columns), the classes of 1 x 1");
}

}  // namespace
}  // namespace seglab
