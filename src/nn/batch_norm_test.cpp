#include "nn/batch_norm.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <vector>

#include "parallel/test_group.h"

namespace seglab {
namespace {

/// Output, gradients and running statistics of a step.
struct Outcome {
  at::Tensor y, of_x, of_weight, of_bias, mean, variance;
};

Outcome Step(BatchNorm2d norm, const at::Tensor& input, const at::Tensor& weights) {
  const at::Tensor x = input.detach().clone().requires_grad_();
  const at::Tensor y = norm->forward(x);
  (y * weights).sum().backward();
  return {y.detach(),        x.grad(),           norm->weight.grad(),
          norm->bias.grad(), norm->running_mean, norm->running_var};
}

BatchNorm2d Norm() {
  BatchNorm2d norm(3);
  torch::NoGradGuard no_grad;
  norm->weight.copy_(at::tensor({0.5, 1.5, -1.0}));
  norm->bias.copy_(at::tensor({0.1, -0.2, 0.3}));
  return norm;
}

TEST(SyncBatchNorm, OfSharesEqualsTheWholeBatch) {
  torch::manual_seed(5);
  // Uneven shares, and a mean that would cancel.
  const at::Tensor x = at::randn({5, 3, 4, 6}) * 3 + 1000, weights = at::randn({5, 3, 4, 6});
  const Outcome whole = Step(Norm(), x, weights);
  const std::vector<int64_t> begin = {0, 3, 5};
  std::vector<Outcome> shares(2);
  Together(2, [&](const Group& group) {
    const SyncBatchNormScope scope(&group);
    shares[group.rank()] = Step(Norm(), x.slice(0, begin[group.rank()], begin[group.rank() + 1]),
                                weights.slice(0, begin[group.rank()], begin[group.rank() + 1]));
  });
  const auto near = [](const at::Tensor& a, const at::Tensor& b) {
    return at::allclose(a, b, 1e-4, 1e-4);
  };
  EXPECT_TRUE(near(at::cat({shares[0].y, shares[1].y}), whole.y));
  EXPECT_TRUE(near(at::cat({shares[0].of_x, shares[1].of_x}), whole.of_x));
  EXPECT_TRUE(near(shares[0].of_weight + shares[1].of_weight, whole.of_weight));
  EXPECT_TRUE(near(shares[0].of_bias + shares[1].of_bias, whole.of_bias));
  for (const Outcome& share : shares) {
    EXPECT_TRUE(near(share.mean, whole.mean));
    EXPECT_TRUE(near(share.variance, whole.variance));
  }
}

TEST(SyncBatchNorm, OfOneProcessIsTorchs) {
  torch::manual_seed(5);
  const at::Tensor x = at::randn({2, 3, 4, 5});
  torch::nn::BatchNorm2d theirs(3);
  BatchNorm2d ours(3);
  EXPECT_TRUE(at::equal(ours->forward(x), theirs->forward(x)));
  for (const auto& buffer : theirs->named_buffers())
    EXPECT_TRUE(at::equal(ours->named_buffers()[buffer.key()], buffer.value())) << buffer.key();
  ours->eval();
  theirs->eval();
  EXPECT_TRUE(at::equal(ours->forward(x), theirs->forward(x)));
  ours->train();
  EXPECT_ANY_THROW(ours->forward(at::randn({1, 3, 1, 1}))) << "no variance";
  EXPECT_ANY_THROW(ours->forward(at::randn({3, 4})));
}

}  // namespace
}  // namespace seglab
