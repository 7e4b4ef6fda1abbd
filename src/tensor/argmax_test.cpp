#include "tensor/argmax.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>
#include <vector>

#include "base/error.h"

namespace seglab {
namespace {

/// LibTorch's own argmax gives the first of equal values too.
void ExpectSameAsLibTorch(const at::Tensor& logits) {
  const at::Tensor labels = ArgMaxLabels(logits);
  const at::Tensor expected = logits.to(at::kFloat).argmax(1).to(at::kByte);
  EXPECT_EQ(labels.scalar_type(), at::kByte);
  EXPECT_TRUE(labels.device().is_cpu());
  EXPECT_TRUE(labels.is_contiguous());
  ASSERT_EQ(labels.sizes().vec(), expected.sizes().vec());
  EXPECT_TRUE(at::equal(labels, expected)) << "shape " << logits.sizes();
}

/// Few different values, so that most pixels have several largest logits.
at::Tensor ManyTies(const std::vector<int64_t>& shape) {
  return torch::randint(0, 3, shape, at::kFloat);
}

TEST(ArgMaxTest, RandomLogitsAtSizesAroundABlock) {
  torch::manual_seed(1);
  const std::vector<std::vector<int64_t>> sides = {{1, 1},    {1, 7},   {33, 50}, {65, 97},
                                                   {1, 1023}, {32, 32}, {1, 1025}};
  for (const auto& side : sides) {
    for (int64_t classes : {2, 5, 21}) {
      ExpectSameAsLibTorch(torch::randn({2, classes, side[0], side[1]}));
      ExpectSameAsLibTorch(ManyTies({2, classes, side[0], side[1]}));
    }
  }
}

TEST(ArgMaxTest, FirstOfEqualsWins) {
  const at::Tensor logits = torch::tensor({1.f, 3.f, 3.f, 2.f});
  EXPECT_EQ(ArgMaxLabels(logits.reshape({1, 4, 1, 1})).item<int64_t>(), 1);
  EXPECT_EQ(ArgMaxLabels(logits.reshape({1, 4})).item<int64_t>(), 1);
}

TEST(ArgMaxTest, OneClassIsAlwaysClassZero) {
  const at::Tensor labels = ArgMaxLabels(torch::randn({2, 1, 9, 11}));
  EXPECT_EQ(labels.sizes().vec(), (std::vector<int64_t>{2, 9, 11}));
  EXPECT_EQ(labels.sum().item<int64_t>(), 0);
}

TEST(ArgMaxTest, All256Classes) {
  torch::manual_seed(2);
  ExpectSameAsLibTorch(torch::randn({1, 256, 40, 41}));
  at::Tensor logits = torch::zeros({1, 256, 3, 5});
  logits.select(1, 255).fill_(1);
  EXPECT_TRUE(at::equal(ArgMaxLabels(logits), torch::full({1, 3, 5}, 255, at::kByte)));
  EXPECT_THROW(ArgMaxLabels(torch::zeros({1, 257, 3, 5})), Error);
  EXPECT_THROW(ArgMaxLabels(torch::zeros({1, 257})), Error);
}

TEST(ArgMaxTest, ClassificationLogits) {
  torch::manual_seed(3);
  ExpectSameAsLibTorch(torch::randn({17, 10}));
  ExpectSameAsLibTorch(ManyTies({17, 10}));
}

TEST(ArgMaxTest, OtherLayoutsAndTypes) {
  torch::manual_seed(4);
  const at::Tensor logits = ManyTies({2, 6, 35, 47});
  ExpectSameAsLibTorch(logits.contiguous(at::MemoryFormat::ChannelsLast));
  ExpectSameAsLibTorch(logits.slice(2, 1, 30).slice(3, 3, 40));
  ExpectSameAsLibTorch(logits.to(at::kDouble));
  ExpectSameAsLibTorch(logits.to(at::kBFloat16));
  ExpectSameAsLibTorch(logits.to(at::kHalf));
  ExpectSameAsLibTorch(logits.clone().requires_grad_());
}

TEST(ArgMaxTest, AllNegativeLogits) {
  torch::manual_seed(5);
  ExpectSameAsLibTorch(torch::rand({1, 4, 31, 37}) - 1e6);
}

TEST(ArgMaxTest, LogitsThatAreNotFiniteAreRefused) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    at::Tensor logits = torch::zeros({2, 3, 33, 50});
    logits[1][2][32][49] = bad;
    EXPECT_THROW(ArgMaxLabels(logits), Error);
    EXPECT_THROW(ArgMaxLabels(logits.flatten(2).select(2, 1649)), Error);
    logits[1][2][32][49] = 3e38f;
    EXPECT_EQ(ArgMaxLabels(logits)[1][32][49].item<int64_t>(), 2);
  }
}

}  // namespace
}  // namespace seglab
