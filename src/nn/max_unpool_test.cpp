#include "nn/max_unpool.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <tuple>

#include "base/error.h"
#include "base/test_error.h"
#include "tensor/test_gradients.h"

namespace seglab {
namespace {

using testing::HasSubstr;

struct PooledMap {
  at::Tensor values, indices;
};

PooledMap PoolOf(const at::Tensor& x) {
  PooledMap found;
  std::tie(found.values, found.indices) = at::max_pool2d_with_indices(x, 2, 2, 0, 1, true);
  return found;
}

// LibTorch's own, in both memory formats and all types that it knows.
TEST(MaxUnpoolTest, IsLibTorchs) {
  torch::manual_seed(1);
  for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    for (const auto type : {at::kFloat, at::kDouble}) {
      for (const auto& [height, width] : {std::pair(8, 12), std::pair(7, 5), std::pair(1, 1)}) {
        const at::Tensor x = torch::randn({2, 19, height, width}, type).contiguous(format);
        const PooledMap pooled = PoolOf(x);
        const at::Tensor found = MaxUnpool(pooled.values, pooled.indices, height, width);
        EXPECT_TRUE(
            at::equal(found, at::max_unpool2d(pooled.values, pooled.indices, {height, width})));
        EXPECT_EQ(found.suggest_memory_format(), x.suggest_memory_format());
      }
    }
  }
}

TEST(MaxUnpoolTest, CarriesHalfPrecision) {
  torch::manual_seed(2);
  const at::Tensor x = torch::randn({1, 3, 6, 6}).to(at::kBFloat16);
  const PooledMap pooled = PoolOf(x);
  const at::Tensor found = MaxUnpool(pooled.values, pooled.indices, 6, 6);
  EXPECT_EQ(found.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(found.to(at::kFloat),
                        at::max_unpool2d(pooled.values.to(at::kFloat), pooled.indices, {6, 6})));
}

// Each value goes to one place, so that the gradient is that of the place, by central differences.
TEST(MaxUnpoolTest, GradientIsNumeric) {
  torch::manual_seed(3);
  for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    const at::Tensor x = torch::randn({2, 2, 3, 2}, at::kDouble).contiguous(format);
    const PooledMap pooled = PoolOf(torch::randn({2, 2, 6, 4}, at::kDouble));
    const at::Tensor weights = torch::randn({2, 2, 6, 4}, at::kDouble);
    const auto loss = [&](const at::Tensor& values) {
      return (MaxUnpool(values, pooled.indices, 6, 4).square() * weights).sum();
    };
    EXPECT_LT(GradientError(x, loss), 1e-7);
  }
}

TEST(MaxUnpoolTest, NailsStandAtTheUpperLeft) {
  const at::Tensor x = at::arange(1, 5, at::kFloat).view({1, 1, 2, 2});
  const at::Tensor expected =
      torch::tensor({{1.f, 0.f, 2.f}, {0.f, 0.f, 0.f}, {3.f, 0.f, 4.f}}).view({1, 1, 3, 3});
  EXPECT_TRUE(at::equal(MaxUnpool(x, NailIndices(x, 3), 3, 3), expected));
}

TEST(MaxUnpoolTest, WrongIndicesAreErrors) {
  const at::Tensor x = at::ones({1, 1, 2, 2});
  EXPECT_THAT(ErrorOf([&] {
                MaxUnpool(x, at::full({1, 1, 2, 2}, 16, at::kLong), 4, 4);
              }),
              HasSubstr("lies outside of the map of 16 cells"));
  EXPECT_THAT(ErrorOf([&] {
                MaxUnpool(x, at::zeros({1, 1, 1, 2}, at::kLong), 4, 4);
              }),
              HasSubstr("max unpooling, indices"));
}

}  // namespace
}  // namespace seglab
