#include "nn/relu6.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace seglab {
namespace {

// What torch::relu6 gives in float32, in both types and both ways.
TEST(Relu6Test, ValuesAndGradientsAreThoseOfFloat32) {
  const at::Tensor points =
      torch::tensor({-7.0, -0.5, -0.0, 0.0, 0.25, 3.0, 5.75, 6.0, 6.5, 100.0}).repeat({50});
  const at::Tensor weights = torch::arange(500) % 7 - 3;
  at::Tensor x = points.clone().requires_grad_();
  const at::Tensor expected = torch::nn::functional::relu6(x);
  expected.backward(weights.to(at::kFloat));
  for (at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    at::Tensor leaf = points.clone().to(type).requires_grad_();
    const at::Tensor found = Relu6()->forward(leaf * 1);
    found.backward(weights.to(type));
    EXPECT_TRUE(found.to(at::kFloat).equal(expected)) << type;
    EXPECT_TRUE(leaf.grad().to(at::kFloat).equal(x.grad())) << type;
  }
}

TEST(Relu6Test, WorksInPlaceAndWithoutGradients) {
  for (at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    torch::NoGradGuard no_grad;
    const at::Tensor x = torch::tensor({-1.0, 2.0, 9.0}).to(type);
    EXPECT_EQ(Relu6()->forward(x).data_ptr(), x.data_ptr());
    EXPECT_TRUE(x.equal(torch::tensor({0.0, 2.0, 6.0}).to(type)));
  }
  c10::InferenceMode inference;
  const at::Tensor x = torch::tensor({-1.0, 2.0, 9.0}).to(at::kBFloat16);
  EXPECT_TRUE(Relu6()->forward(x).equal(torch::tensor({0.0, 2.0, 6.0}).to(at::kBFloat16)));
}

}  // namespace
}  // namespace seglab
