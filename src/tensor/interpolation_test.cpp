#include "tensor/interpolation.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/error.h"
#include "tensor/argmax.h"
#include "tensor/enlarged.h"

namespace seglab {
namespace {

double Difference(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes().vec(), b.sizes().vec());
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

constexpr int64_t kSizes[][4] = {{4, 5, 32, 40}, {3, 7, 25, 61}, {1, 1, 9, 17},   {6, 6, 6, 6},
                                 {9, 11, 4, 5},  {1, 8, 3, 150}, {47, 13, 75, 3}, {5, 4, 1, 1}};

TEST(InterpolationTest, ResizeIsLibTorchs) {
  torch::manual_seed(1);
  for (const auto& [h, w, height, width] : kSizes) {
    for (const bool corners : {false, true}) {
      const auto kind = corners ? Interpolation::Kind::kCorners : Interpolation::Kind::kEdges;
      const at::Tensor ours = torch::randn({2, 3, h, w}).requires_grad_();
      const at::Tensor theirs = ours.detach().clone().requires_grad_();
      const at::Tensor got = Interpolate(ours, Interpolation::Resize(ours, height, width, kind));
      const at::Tensor want = at::upsample_bilinear2d(theirs, {height, width}, corners);
      // Its places are in float32.
      EXPECT_LT(Difference(got, want), 1e-5) << h << "x" << w << " to " << height << "x" << width;
      const at::Tensor gradient = torch::randn_like(got);
      got.backward(gradient);
      want.backward(gradient);
      EXPECT_LT(Difference(ours.grad(), theirs.grad()),
                1e-5 * (1 + theirs.grad().abs().max().item<double>()));
    }
  }
}

// The kernel, and the matrix products of other types.
TEST(InterpolationTest, BothWaysAgree) {
  torch::manual_seed(2);
  for (const auto& [h, w, height, width] : kSizes) {
    const at::Tensor map = torch::randn({2, 3, h, w});
    const Interpolation to = Interpolation::ToGrid(map, {8, 2.5}, {1.25, -3}, height, width);
    EXPECT_LT(Difference(Interpolate(map, to), Interpolate(map.to(at::kDouble), to)), 2e-6);
    EXPECT_LT(Difference(Interpolate(map.to(at::kBFloat16), to), Interpolate(map, to)), 0.05);
  }
}

TEST(InterpolationTest, AnyMemoryFormat) {
  torch::manual_seed(3);
  const at::Tensor map = torch::randn({2, 5, 4, 6});
  const Interpolation to = Interpolation::Resize(map, 17, 19);
  EXPECT_TRUE(at::equal(Interpolate(map.contiguous(at::MemoryFormat::ChannelsLast), to),
                        Interpolate(map, to)));
}

TEST(InterpolationTest, OtherSidesAreRefused) {
  const at::Tensor map = torch::zeros({1, 2, 4, 6});
  const Interpolation to = Interpolation::Resize(map, 8, 12);
  EXPECT_THROW(Interpolate(torch::zeros({1, 2, 6, 4}), to), Error);
  EXPECT_THROW(Interpolate(torch::zeros({2, 4, 6}), to), Error);
}

TEST(EnlargedTest, ValuesComeWhenTheyAreAskedFor) {
  torch::manual_seed(4);
  const at::Tensor map = torch::randn({1, 2, 4, 6});
  const Enlarged enlarged(map, Interpolation::Resize(map, 8, 12));
  EXPECT_EQ(enlarged.sizes(), (std::vector<int64_t>{1, 2, 8, 12}));
  EXPECT_TRUE(enlarged.to().has_value()) << "sizes need no values";
  const at::Tensor& values = enlarged;
  EXPECT_LT(Difference(values, at::upsample_bilinear2d(map, {8, 12}, false)), 2e-6);
  EXPECT_FALSE(enlarged.to().has_value());
  EXPECT_EQ(enlarged.sizes(), values.sizes().vec());
  EXPECT_TRUE(Enlarged(map).Values().is_same(map));
}

// Ties too: the sums are the same ones.
TEST(EnlargedTest, LabelsAreThoseOfTheValues) {
  torch::manual_seed(5);
  for (const auto& [h, w, height, width] : kSizes) {
    for (const bool ties : {false, true}) {
      const at::Tensor map =
          ties ? torch::randint(0, 3, {2, 5, h, w}, at::kFloat) : torch::randn({2, 5, h, w});
      const Interpolation to = Interpolation::Resize(map, height, width);
      EXPECT_TRUE(at::equal(ArgMaxLabels(Enlarged(map, to)), ArgMaxLabels(Interpolate(map, to))));
    }
  }
  const at::Tensor wide = torch::randn({1, 3, 2, 300});
  const Interpolation to = Interpolation::Resize(wide, 5, 2500);
  EXPECT_TRUE(at::equal(ArgMaxLabels(Enlarged(wide, to)), ArgMaxLabels(Interpolate(wide, to))));
  at::Tensor broken = torch::zeros({1, 3, 4, 4});
  broken[0][2][3][3] = INFINITY;
  EXPECT_THROW(ArgMaxLabels(Enlarged(broken, Interpolation::Resize(broken, 9, 9))), Error);
}

}  // namespace
}  // namespace seglab
