#include "nn/bilinear.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"
#include "tensor/test_gradients.h"

namespace seglab {
namespace {

/// The reference code's weights: a C x C x k x k kernel with the same filter all along its
/// diagonal.
at::Tensor DenseKernel(int64_t channels, int64_t size) {
  const int64_t factor = (size + 1) / 2;
  const double center = size % 2 == 1 ? factor - 1 : factor - 0.5;
  at::Tensor kernel = torch::zeros({channels, channels, size, size}, at::kDouble);
  auto k = kernel.accessor<double, 4>();
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t i = 0; i < size; ++i) {
      for (int64_t j = 0; j < size; ++j) {
        k[c][c][i][j] = (1 - std::abs(i - center) / factor) * (1 - std::abs(j - center) / factor);
      }
    }
  }
  return kernel;
}

at::Tensor Window(const at::Tensor& map, int64_t offset, int64_t height, int64_t width) {
  return map.slice(2, offset, offset + height).slice(3, offset, offset + width);
}

double LargestDifference(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes().vec(), b.sizes().vec());
  return (a - b).abs().max().item<double>();
}

/// (out, in)
at::Tensor RowWeights(int64_t in, int64_t out, const BilinearGeometry& geometry) {
  return BilinearInterpolation(torch::zeros({1, 1, in, in}), out, out, geometry).rows.Matrix();
}

TEST(BilinearTest, EqualsTheDenseTransposedConvolution) {
  torch::manual_seed(1);
  const int64_t windows[][3] = {{32, 63, 18}, {32, 64, 19}, {32, 64, 0}, {16, 32, 27},
                                {8, 16, 31},  {2, 4, 0},    {2, 4, 1},   {2, 3, 1},
                                {3, 6, 2},    {4, 7, 3},    {4, 6, 5},   {1, 1, 0}};
  for (const auto& [stride, kernel, offset] : windows) {
    const at::Tensor x = torch::randn({2, 3, 4, 6}, at::kDouble);
    const at::Tensor whole = at::conv_transpose2d(x, DenseKernel(3, kernel), {}, stride);
    const int64_t height = whole.size(2) - offset, width = whole.size(3) - offset;
    const BilinearGeometry geometry = {stride, kernel, offset, false};
    const at::Tensor all = BilinearUpsample(x, height, width, geometry);
    EXPECT_LT(LargestDifference(all, Window(whole, offset, height, width)), 1e-12)
        << "stride " << stride << ", kernel " << kernel << ", offset " << offset;
    const at::Tensor part = BilinearUpsample(x, height / 2 + 1, width / 2 + 1, geometry);
    EXPECT_LT(LargestDifference(part, Window(whole, offset, height / 2 + 1, width / 2 + 1)), 1e-12);
  }
}

TEST(BilinearTest, SingleCellAndSingleRow) {
  torch::manual_seed(2);
  const std::vector<std::vector<int64_t>> shapes = {{1, 2, 1, 1}, {1, 2, 1, 5}, {1, 2, 5, 1}};
  for (const std::vector<int64_t>& shape : shapes) {
    const at::Tensor x = torch::randn(shape, at::kDouble);
    const int64_t stride = 8;
    const at::Tensor whole = at::conv_transpose2d(x, DenseKernel(2, 16), {}, stride);
    const at::Tensor up = BilinearUpsample(x, whole.size(2), whole.size(3), {8, 16, 0, false});
    EXPECT_LT(LargestDifference(up, whole), 1e-12);
  }
}

TEST(BilinearTest, ReplicatedBorderIsInterpolation) {
  torch::manual_seed(3);
  const std::vector<std::vector<int64_t>> shapes = {
      {2, 3, 4, 5}, {1, 2, 1, 1}, {1, 2, 1, 6}, {1, 1, 2, 3}};
  for (int64_t stride : {2, 4, 8, 16, 32}) {
    for (const std::vector<int64_t>& shape : shapes) {
      const at::Tensor x = torch::randn(shape, at::kDouble);
      const int64_t height = shape[2] * stride, width = shape[3] * stride;
      const at::Tensor expected = at::upsample_bilinear2d(x, {height, width}, false);
      const BilinearGeometry geometry = {stride, 2 * stride, stride / 2, true};
      EXPECT_LT(LargestDifference(BilinearUpsample(x, height, width, geometry), expected), 1e-12)
          << "stride " << stride << ", input " << x.sizes();
      // A picture whose sides are no multiples of the stride takes the upper left part.
      EXPECT_LT(LargestDifference(BilinearUpsample(x, height - 1, width - stride / 2, geometry),
                                  expected.slice(2, 0, height - 1).slice(3, 0, width - stride / 2)),
                1e-12);
    }
  }
}

TEST(BilinearTest, FloatAndOtherLayouts) {
  torch::manual_seed(4);
  const at::Tensor x = torch::randn({2, 5, 6, 7});
  const BilinearGeometry geometry = {8, 16, 4, true};
  const at::Tensor expected = BilinearUpsample(x.to(at::kDouble), 45, 50, geometry);
  const at::Tensor plain = BilinearUpsample(x, 45, 50, geometry);
  EXPECT_EQ(plain.scalar_type(), at::kFloat);
  EXPECT_LT(LargestDifference(plain.to(at::kDouble), expected), 1e-5);
  const at::Tensor channels_last =
      BilinearUpsample(x.contiguous(at::MemoryFormat::ChannelsLast), 45, 50, geometry);
  EXPECT_LT(LargestDifference(channels_last.to(at::kDouble), expected), 1e-5);
}

TEST(BilinearTest, ConstantStaysConstantInTheInterior) {
  for (int64_t stride : {2, 8, 32}) {
    for (int64_t kernel : {2 * stride - 1, 2 * stride}) {
      const at::Tensor x = torch::full({1, 1, 5, 5}, 3.0, at::kDouble);
      const int64_t whole = 4 * stride + kernel;
      const at::Tensor up = BilinearUpsample(x, whole, whole, {stride, kernel, 0, false});
      const at::Tensor interior = Window(up, stride, whole - 2 * stride, whole - 2 * stride);
      EXPECT_LT((interior - 3).abs().max().item<double>(), 1e-12) << stride << " " << kernel;
      EXPECT_LT(up[0][0][0][0].item<double>(), 3) << "the border fades";
    }
    const at::Tensor all = BilinearUpsample(torch::full({1, 1, 5, 5}, 3.0, at::kDouble), 5 * stride,
                                            5 * stride, {stride, 2 * stride, stride / 2, true});
    EXPECT_LT((all - 3).abs().max().item<double>(), 1e-12) << stride;
  }
}

TEST(BilinearTest, ProfileOfKernelFour) {
  const at::Tensor profile = RowWeights(1, 4, {2, 4, 0, false}).reshape({-1});
  EXPECT_TRUE(at::equal(profile, torch::tensor({0.25, 0.75, 0.75, 0.25}, at::kDouble)));
}

TEST(BilinearTest, KernelsOfFactor32SumTo32Squared) {
  for (int64_t kernel : {63, 64}) {
    const at::Tensor profile = RowWeights(1, kernel, {32, kernel, 0, false}).reshape({-1});
    EXPECT_NEAR(at::outer(profile, profile).sum().item<double>(), 32 * 32, 1e-9) << kernel;
    BilinearLayer layer(2, BilinearGeometry{32, kernel, 0, false}, true);
    const at::Tensor weight = layer->named_parameters()["weight"];
    EXPECT_EQ(weight.sizes().vec(), (std::vector<int64_t>{2, 1, kernel, kernel}));
    EXPECT_NEAR(weight.to(at::kDouble).sum().item<double>(), 2 * 32 * 32, 1e-3) << kernel;
  }
}

TEST(BilinearTest, RowsOfAReplicatedBorderSumToOne) {
  for (int64_t out : {1, 3, 8, 31, 40}) {
    const at::Tensor sums = RowWeights(5, out, {8, 16, 4, true}).sum(1);
    EXPECT_LT((sums - 1).abs().max().item<double>(), 1e-12) << out;
  }
}

TEST(BilinearLayerTest, OnlyALearnedOneHasParameters) {
  const BilinearGeometry geometry = {2, 4, 0, false};
  BilinearLayer fixed(3, geometry, false), learned(3, geometry, true);
  EXPECT_TRUE(fixed->parameters().empty());
  EXPECT_TRUE(fixed->buffers().empty());
  ASSERT_EQ(learned->parameters().size(), 1u);
  EXPECT_TRUE(learned->parameters()[0].requires_grad());
  EXPECT_TRUE(learned->buffers().empty());
}

TEST(BilinearLayerTest, LearnedStartsAsFixed) {
  torch::manual_seed(5);
  struct Case {
    BilinearGeometry geometry;
    int64_t height, width;
  };
  const Case cases[] = {{{32, 64, 19, false}, 110, 97}, {{16, 32, 27, false}, 40, 61},
                        {{2, 4, 0, false}, 10, 12},     {{32, 63, 18, false}, 100, 90},
                        {{2, 4, 1, true}, 8, 10},       {{16, 32, 8, true}, 61, 79},
                        {{32, 64, 16, true}, 128, 160}, {{8, 16, 4, true}, 1, 1}};
  for (const Case& c : cases) {
    const at::Tensor x = torch::randn({2, 3, 4, 5});
    BilinearLayer fixed(3, c.geometry, false), learned(3, c.geometry, true);
    EXPECT_LT(LargestDifference(learned->forward(x, c.height, c.width),
                                fixed->forward(x, c.height, c.width)),
              1e-5)
        << "stride " << c.geometry.stride << ", offset " << c.geometry.offset;
  }
}

TEST(BilinearLayerTest, EachChannelHasItsOwnKernel) {
  torch::manual_seed(6);
  BilinearLayer learned(3, BilinearGeometry{2, 4, 0, false}, true);
  torch::NoGradGuard no_grad;
  learned->named_parameters()["weight"].select(0, 1).mul_(2);
  const at::Tensor x = torch::randn({1, 3, 4, 4});
  const at::Tensor up = learned->forward(x, 10, 10);
  const at::Tensor fixed = BilinearUpsample(x, 10, 10, {2, 4, 0, false});
  const at::Tensor factor = torch::tensor({1.f, 2.f, 1.f}).reshape({1, 3, 1, 1});
  EXPECT_LT(LargestDifference(up, fixed * factor), 1e-5);
}

TEST(BilinearTest, GradientEqualsCentralDifferences) {
  torch::manual_seed(7);
  const BilinearGeometry geometries[] = {
      {2, 4, 1, true}, {4, 8, 2, true}, {2, 4, 0, false}, {4, 7, 3, false}};
  for (const BilinearGeometry& geometry : geometries) {
    const at::Tensor probe = torch::randn({2, 2, 5, 6}, at::kDouble);
    const double error =
        GradientError(torch::randn({2, 2, 3, 4}, at::kDouble), [&](const at::Tensor& x) {
          return (BilinearUpsample(x, 5, 6, geometry).square() * probe).sum();
        });
    EXPECT_LT(error, 1e-7) << "stride " << geometry.stride << ", offset " << geometry.offset;
  }
}

TEST(BilinearLayerTest, GradientsEqualCentralDifferences) {
  torch::manual_seed(8);
  const BilinearGeometry geometries[] = {{2, 4, 1, true}, {2, 4, 0, false}, {4, 7, 3, false}};
  for (const BilinearGeometry& geometry : geometries) {
    BilinearLayer learned(2, geometry, true);
    learned->to(at::kDouble);
    at::Tensor weight = learned->named_parameters()["weight"];
    const at::Tensor x = torch::randn({2, 2, 3, 4}, at::kDouble);
    const at::Tensor probe = torch::randn({2, 2, 5, 6}, at::kDouble);
    auto loss = [&](const at::Tensor& input) {
      return (learned->forward(input, 5, 6).square() * probe).sum();
    };
    EXPECT_LT(GradientError(x, loss), 1e-7) << "with respect to the input";

    const at::Tensor gradient = torch::autograd::grad({loss(x)}, {weight})[0].reshape({-1});
    torch::NoGradGuard no_grad;
    at::Tensor flat = weight.view({-1});
    for (int64_t i = 0; i < flat.numel(); ++i) {
      constexpr double kStep = 1e-5;
      const double value = flat[i].item<double>();
      flat[i] = value + kStep;
      const double above = loss(x).item<double>();
      flat[i] = value - kStep;
      const double below = loss(x).item<double>();
      flat[i] = value;
      EXPECT_NEAR(gradient[i].item<double>(), (above - below) / (2 * kStep), 1e-7);
    }
  }
}

TEST(BilinearTest, WindowsThatDoNotFitAreErrors) {
  const at::Tensor x = torch::zeros({1, 2, 3, 4});  // whole result: 8 x 10
  const BilinearGeometry geometry = {2, 4, 0, false};
  EXPECT_NO_THROW(BilinearUpsample(x, 8, 10, geometry));
  EXPECT_THROW(BilinearUpsample(x, 9, 10, geometry), Error);
  EXPECT_THROW(BilinearUpsample(x, 8, 11, geometry), Error);
  EXPECT_THROW(BilinearUpsample(x, 8, 10, {2, 4, 1, false}), Error);
  EXPECT_THROW(BilinearUpsample(torch::zeros({1, 2, 0, 4}), 8, 10, geometry), Error);
  EXPECT_THROW(BilinearUpsample(torch::zeros({2, 3, 4}), 8, 10, geometry), Error);
  BilinearLayer learned(2, geometry, true);
  EXPECT_NO_THROW(learned->forward(x, 8, 10));
  EXPECT_THROW(learned->forward(x, 9, 10), Error);
  EXPECT_THROW(learned->forward(x, 8, 11), Error);
}

TEST(BilinearTest, GeometriesAreChecked) {
  EXPECT_NO_THROW(BilinearGeometry().Check());
  EXPECT_NO_THROW((BilinearGeometry{2, 4, -1, /*replicate_border=*/true}.Check()));
  EXPECT_EQ(ErrorOf([] {
              BilinearGeometry{0, 4, 0, false}.Check();
            }),
            "BilinearGeometry.stride: must be at least 1, found 0");
  EXPECT_EQ(ErrorOf([] {
              RowWeights(3, 4, {2, 5, 0, false});
            }),
            "BilinearGeometry.kernel: must be between 1 and 4, found 5");
  EXPECT_EQ(ErrorOf([] {
              BilinearLayer layer(1, BilinearGeometry{2, 4, -1, false}, true);
            }),
            "BilinearGeometry.offset: must be at least 0, found -1");
}

}  // namespace
}  // namespace seglab
