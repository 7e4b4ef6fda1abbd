#include "losses/cell_labels.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace seglab {
namespace {

/// (1, height, width) with the label 10 y + x.
at::Tensor Places(int64_t height, int64_t width) {
  return (10 * torch::arange(height).view({1, -1, 1}) + torch::arange(width).view({1, 1, -1}))
      .to(at::kByte);
}

at::Tensor Expected(const std::vector<std::vector<int64_t>>& rows) {
  std::vector<at::Tensor> tensors;
  for (const auto& row : rows) tensors.push_back(torch::tensor(row));
  return at::stack(tensors).unsqueeze(0).to(at::kByte);
}

TEST(CellLabelsTest, EachPixelACellIsTheLabelItself) {
  const at::Tensor label = Places(4, 5);
  EXPECT_TRUE(CellLabels(label, MapGrid{}, 4, 5).is_same(label));
}

TEST(CellLabelsTest, CellsTakeTheNearestPixel) {
  // 0, 2, 4 and, between two pixels, the later one of 0.5, 2.5, 4.5.
  EXPECT_TRUE(at::equal(CellLabels(Places(5, 6), {2, 0}, 3, 3),
                        Expected({{0, 2, 4}, {20, 22, 24}, {40, 42, 44}})));
  EXPECT_TRUE(at::equal(CellLabels(Places(6, 6), {2, 0.5}, 3, 3),
                        Expected({{11, 13, 15}, {31, 33, 35}, {51, 53, 55}})));
}

TEST(CellLabelsTest, StridesMayBeFractional) {
  // 8 / 0.75 pixels apart: 0, 10.67 and 21.33 of DeepLab's input at three quarters of its size.
  const at::Tensor label = torch::arange(30).view({1, 1, 30}).expand({1, 30, 30}).to(at::kByte);
  EXPECT_TRUE(at::equal(CellLabels(label, {8 / 0.75, 0}, 1, 3), Expected({{0, 11, 21}})));
}

TEST(CellLabelsTest, CellsBeyondTheImageAreVoid) {
  // Centres -8, 0, 8, 16 of an image of 10 pixels: within half a cell the border's label counts.
  EXPECT_TRUE(
      at::equal(CellLabels(Places(1, 10), {8, -8}, 1, 4), Expected({{255, 255, 255, 255}})));
  const at::Tensor row = CellLabels(Places(8, 10), {8, -8}, 2, 4);
  EXPECT_TRUE(at::equal(row.select(1, 1), Expected({{255, 0, 8, 255}}).select(1, 0)));
  EXPECT_TRUE(at::equal(CellLabels(Places(8, 10), {8, -4}, 1, 3), Expected({{0, 4, 9}})));
}

}  // namespace
}  // namespace seglab
