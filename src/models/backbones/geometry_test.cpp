#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"
#include "models/backbones/backbone.h"
#include "models/backbones/layers.h"
#include "tensor/state.h"

// Where the maps of every backbone lie, at every output stride.
namespace seglab {
namespace {

using testing::HasSubstr;

constexpr int kOutputStrides[] = {32, 16, 8, 4};

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const BackboneRow& row : BackboneRows()) names.push_back(row.name);
  return names;
}

/// A thin trunk in evaluation mode, always with the same weights.
std::shared_ptr<Trunk> Make(const std::string& name, int output_stride) {
  torch::manual_seed(1);
  TrunkOptions options;
  options.output_stride = output_stride;
  const auto trunk = MakeTrunk(Json{{"name", name}, {"width", 0.0625}}, options, "backbone");
  trunk->eval();
  return trunk;
}

std::string BackboneName(const testing::TestParamInfo<std::string>& info) { return info.param; }

class BackboneGeometry : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Registry, BackboneGeometry, testing::ValuesIn(Names()), BackboneName);

TEST_P(BackboneGeometry, MapsHaveTheirSizesAndChannels) {
  for (int output_stride : kOutputStrides) {
    const auto trunk = Make(GetParam(), output_stride);
    EXPECT_EQ(trunk->OutputStride(), output_stride);
    torch::NoGradGuard no_grad;
    for (const auto& [height, width] :
         {std::pair(1, 1), std::pair(2, 7), std::pair(33, 50), std::pair(65, 97)}) {
      const FeatureMaps maps = trunk->forward(torch::randn({1, 3, height, width}));
      ASSERT_EQ(maps.size(), trunk->Strides().size());
      for (const auto& [nominal, map] : maps) {
        const int64_t stride = WholeNumber(trunk->Grid(nominal).stride);
        EXPECT_EQ(stride, std::min(nominal, output_stride));
        const std::vector<int64_t> expected = {1, trunk->Channels(nominal),
                                               (height + stride - 1) / stride,
                                               (width + stride - 1) / stride};
        EXPECT_EQ(map.values.sizes().vec(), expected)
            << "stride " << nominal << " at output stride " << output_stride << ", " << height
            << "x" << width;
      }
    }
  }
}

TEST_P(BackboneGeometry, StridesAreFoundByName) {
  const auto trunk = Make(GetParam(), 32);
  for (int stride : {4, 8, 16, 32}) EXPECT_GT(trunk->Channels(stride), 0) << stride;
  EXPECT_THROW(trunk->Channels(64), Error);
}

// An image whose column x is not a number, as low as the dilated even kernels allow, which leave
// out the middle: the cells that are not numbers either are those whose receptive fields hold x.
// The middle between the first and the last of them, averaged over a whole stride of x, is where x
// lies among the cells. In double precision, which no fast convolution that mixes neighbours
// handles.
TEST_P(BackboneGeometry, CellsLieOnTheirPixels) {
  constexpr int64_t kWidth = 4096, kMiddle = kWidth / 2;
  for (int output_stride : {32, 8}) {
    const auto trunk = Make(GetParam(), output_stride);
    trunk->to(torch::kDouble);
    const int64_t height = output_stride == 32 ? 1 : 3 * output_stride;
    at::Tensor images = torch::zeros({output_stride, 3, height, kWidth}, torch::kDouble);
    for (int64_t i = 0; i < output_stride; ++i) {
      images[i].select(2, kMiddle + i).fill_(std::numeric_limits<double>::quiet_NaN());
    }
    torch::NoGradGuard no_grad;
    const FeatureMaps maps = trunk->forward(images);
    for (int nominal : trunk->Strides()) {
      const MapGrid grid = trunk->Grid(nominal);
      double sum = 0;
      for (int64_t i = 0; i < WholeNumber(grid.stride); ++i) {
        const at::Tensor hit = at::isnan(maps.at(nominal).values[i]).any(0).any(0).nonzero();
        ASSERT_GT(hit.numel(), 0) << "stride " << nominal << " at output stride " << output_stride
                                  << " does not see the pixel";
        const int64_t first = hit.min().item<int64_t>(), last = hit.max().item<int64_t>();
        ASSERT_GT(first, 0) << "the receptive field is wider than the image";
        sum += static_cast<double>(first + last) / 2;
      }
      const double pixel = kMiddle + (grid.stride - 1) / 2;
      EXPECT_NEAR(sum / grid.stride, (pixel - grid.center) / grid.stride, 1e-9)
          << "stride " << nominal << " at output stride " << output_stride;
    }
  }
}

// Where a stride is replaced by dilation, every so many cells are the strided network's.
TEST_P(BackboneGeometry, DilationKeepsTheStridedNetworksValues) {
  const bool ends_at_16 = GetParam().rfind("squeezenet", 0) == 0;
  const auto strided = Make(GetParam(), 32);
  InitHe(*strided);  // fan in, with which the image's values live on without batch statistics
  torch::NoGradGuard no_grad;
  const at::Tensor image = torch::randn({1, 3, 96, 128});
  const FeatureMaps expected = strided->forward(image);
  for (int output_stride : {16, 8, 4}) {
    const auto dilated = Make(GetParam(), output_stride);
    LoadState(*dilated, ModuleState(*strided), {"strided", {}, {}});
    const FeatureMaps found = dilated->forward(image);
    for (int nominal : {4, 8, 16, 32}) {
      if (nominal == 32 && ends_at_16) continue;  // the trunk's own pool is left out then
      const MapGrid from = dilated->Grid(nominal), to = strided->Grid(nominal);
      const int64_t step = WholeNumber(to.stride / from.stride);
      const double phase = (to.center - from.center) / from.stride;
      ASSERT_EQ(phase, std::floor(phase));
      ASSERT_TRUE(phase >= 0 && phase < static_cast<double>(step));
      const auto first = static_cast<int64_t>(phase);
      const int64_t end = std::numeric_limits<int64_t>::max();
      const at::Tensor cells =
          found.at(nominal).values.slice(2, first, end, step).slice(3, first, end, step);
      ASSERT_EQ(cells.sizes(), expected.at(nominal).values.sizes());
      const double scale = expected.at(nominal).values.abs().max().item<double>();
      EXPECT_GT(scale, 1e-3) << "the strided map is dead";
      EXPECT_LE((cells - expected.at(nominal).values).abs().max().item<double>(), 1e-5 * scale)
          << "stride " << nominal << " at output stride " << output_stride;
    }
  }
}

TEST(LayersTest, DilatedConvolutionIsTheConvolutionOfEachSubLattice) {
  torch::manual_seed(2);
  const at::Tensor x = torch::randn({1, 2, 12, 18}), kernel = torch::randn({3, 2, 3, 3});
  for (int64_t rate : {2, 3}) {
    const at::Tensor dilated = at::conv2d(x, kernel, {}, 1, rate, rate);
    for (int64_t row = 0; row < rate; ++row) {
      for (int64_t column = 0; column < rate; ++column) {
        auto lattice = [&](const at::Tensor& map) {
          return map.slice(2, row, 12, rate).slice(3, column, 18, rate).contiguous();
        };
        const at::Tensor expected = at::conv2d(lattice(x), kernel, {}, 1, 1);
        EXPECT_LE((lattice(dilated) - expected).abs().max().item<double>(), 1e-5);
      }
    }
  }
}

TEST(LayersTest, WalkTurnsStridesIntoDilation) {
  StrideWalk walk(8);
  std::vector<std::vector<int64_t>> steps;
  for (int64_t stride : {4, 1, 2, 2, 1, 2, 1}) {
    const StrideWalk::Step step = walk.Next(stride);
    steps.push_back({step.stride, step.dilation, step.cell});
  }
  const std::vector<std::vector<int64_t>> expected = {{4, 1, 1}, {1, 1, 4}, {2, 1, 4}, {1, 1, 8},
                                                      {1, 2, 8}, {1, 2, 8}, {1, 4, 8}};
  EXPECT_EQ(steps, expected);
  EXPECT_EQ(walk.grid().stride, 8);
}

TEST(LayersTest, WidthsAreMultiplesOf8) {
  EXPECT_EQ(ScaledChannels(64, 1), 64);
  EXPECT_EQ(ScaledChannels(24, 0.0625), 8);
  EXPECT_EQ(ScaledChannels(320, 0.35), 112);
  EXPECT_EQ(ScaledChannels(24, 0.75), 24);  // 18 is nearest to 16, more than a tenth below
  EXPECT_EQ(ScaledChannels(1280, 1.4), 1792);
}

// A pool that looks only at padding gives 0, not minus infinity.
TEST(LayersTest, DilatedPoolsOfTinyMapsAreFinite) {
  for (int64_t kernel : {2, 3}) {
    for (int64_t size : {1, 2, 3}) {
      StrideWalk walk(1);
      walk.Next(4);
      Pool pool = MakePool(kernel, true, Geometry::kTight, walk);
      const at::Tensor out = pool(torch::rand({1, 1, size, size}));
      EXPECT_EQ(out.sizes().vec(), (std::vector<int64_t>{1, 1, size, size}));
      EXPECT_TRUE(at::isfinite(out).all().item<bool>());
    }
  }
}

TEST(LayersTest, TrunkOptionsAreChecked) {
  for (int wrong : {0, 1, 2, 12, 64}) {
    TrunkOptions options;
    options.output_stride = wrong;
    EXPECT_EQ(ErrorOf([&] { options.Check(); }),
              StrCat("TrunkOptions.output_stride: must be 32, 16, 8 or 4, found ", wrong));
    EXPECT_THROW(MakeTrunk("vgg11", options, "backbone"), Error);
  }
  EXPECT_NO_THROW(TrunkOptions().Check());
  EXPECT_THAT(ErrorOf([] { TrunkOptions{true, 16}.Check(); }), HasSubstr("published geometry"));
  EXPECT_THAT(ErrorOf([] {
                TrunkOptions{false, 16, true}.Check();
              }),
              HasSubstr("TrunkOptions.pooling_indices"));
  EXPECT_THROW(WholeNumber(1.5), std::logic_error);
}

}  // namespace
}  // namespace seglab
