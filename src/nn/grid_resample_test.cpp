#include "nn/grid_resample.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/test_error.h"
#include "nn/bilinear.h"

namespace seglab {
namespace {

/// A map whose cells bear a linear function of their pixels.
at::Tensor LinearMap(const MapGrid& grid, int64_t rows, int64_t columns) {
  const at::Tensor y = grid.center + grid.stride * torch::arange(rows, torch::kDouble),
                   x = grid.center + grid.stride * torch::arange(columns, torch::kDouble);
  return (3 * y.unsqueeze(1) - 2 * x.unsqueeze(0) + 1).unsqueeze(0).unsqueeze(0);
}

double LargestGap(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

TEST(GridResampleTest, LinearFunctionsStayLinear) {
  const MapGrid from{8, 3.5}, to{4.0 / 3, 5.25};
  const at::Tensor found = ResampleToGrid(LinearMap(from, 9, 7), from, to, 45, 33);
  ASSERT_EQ(found.sizes().vec(), (std::vector<int64_t>{1, 1, 45, 33}));
  EXPECT_LT(LargestGap(found, LinearMap(to, 45, 33)), 1e-10);
}

TEST(GridResampleTest, BeyondTheOutermostCellsValuesContinue) {
  const at::Tensor map = torch::tensor({1.0, 5.0}, torch::kDouble).view({1, 1, 1, 2});
  const at::Tensor found = ResampleToGrid(map, {8, 4}, {4, 0}, 2, 6);
  const at::Tensor expected =
      torch::tensor({1, 1, 3, 5, 5, 5}, torch::kDouble).view({1, 1, 1, 6}).expand({1, 1, 2, 6});
  EXPECT_LT(LargestGap(found, expected), 1e-12);
}

TEST(GridResampleTest, UpsamplesAsTheBilinearFilter) {
  torch::manual_seed(1);
  const at::Tensor map = torch::randn({2, 3, 5, 6}, torch::kDouble);
  const at::Tensor found = ResampleToGrid(map, {8, 0}, {}, 37, 45);
  const at::Tensor expected = BilinearUpsample(map, 37, 45, {8, 15, 7, true});
  EXPECT_LT(LargestGap(found, expected), 1e-12);
}

TEST(GridResampleTest, WholeStepsSkipCells) {
  const at::Tensor map = torch::randn({1, 2, 9, 7});
  EXPECT_TRUE(
      at::equal(ResampleToGrid(map, {}, {2, 0}, 5, 4), map.slice(2, 0, 9, 2).slice(3, 0, 7, 2)));
  EXPECT_TRUE(ResampleToGrid(map, {8, 1}, {8, 1}, 9, 7).is_same(map));
}

TEST(GridResampleTest, GradientsAreTheTransposed) {
  torch::manual_seed(2);
  const at::Tensor map = torch::randn({1, 1, 4, 3}, torch::kDouble).requires_grad_(true);
  const at::Tensor weight = torch::randn({1, 1, 9, 8}, torch::kDouble);
  const MapGrid from{3, 1}, to{1.5, 0};
  (ResampleToGrid(map, from, to, 9, 8) * weight).sum().backward();
  torch::NoGradGuard no_grad;
  for (int64_t i = 0; i < 12; ++i) {
    at::Tensor unit = torch::zeros({12}, torch::kDouble);
    unit[i] = 1;
    const at::Tensor seen = ResampleToGrid(unit.view({1, 1, 4, 3}), from, to, 9, 8);
    EXPECT_NEAR(map.grad().flatten()[i].item<double>(), (seen * weight).sum().item<double>(),
                1e-12);
  }
}

TEST(GridResampleTest, NeedsAMap) {
  EXPECT_NE(ErrorOf([] { ResampleToGrid(torch::zeros({3, 4}), {}, {}, 3, 4); }), "");
}

}  // namespace
}  // namespace seglab
