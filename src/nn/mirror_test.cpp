#include "nn/mirror.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace seglab {
namespace {

TEST(MirrorTest, IsLibTorchsReflectionWhereThatGoes) {
  torch::manual_seed(1);
  const at::Tensor x = torch::randn({2, 3, 5, 4});
  EXPECT_TRUE(at::equal(MirrorPad(x, 4, 2, 3, 1), at::reflection_pad2d(x, {3, 1, 4, 2})));
  EXPECT_TRUE(at::equal(MirrorPad(x, 0, 0, 0, 0), x));
}

TEST(MirrorTest, GoesOnBeyondTheMap) {
  const at::Tensor x = at::arange(3, at::kFloat).view({1, 1, 1, 3});
  const at::Tensor found = MirrorPad(x, 2, 1, 5, 4).select(2, 0).flatten();
  EXPECT_TRUE(at::equal(
      found, torch::tensor({1.f, 0.f, 1.f, 2.f, 1.f, 0.f, 1.f, 2.f, 1.f, 0.f, 1.f, 2.f})));
  const at::Tensor one = MirrorPad(at::ones({1, 1, 1, 1}), 3, 4, 5, 6);
  EXPECT_TRUE(at::equal(one, at::ones({1, 1, 8, 12})));
}

}  // namespace
}  // namespace seglab
