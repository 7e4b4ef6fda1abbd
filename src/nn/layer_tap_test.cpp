#include "nn/layer_tap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <string>
#include <thread>

#include "base/test_error.h"
#include "nn/sequential.h"

namespace seglab {
namespace {

namespace nn = torch::nn;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// conv, relu in place; inner.0 conv, inner.1 relu in place; idle is never run.
class NetImpl : public nn::Module {
 public:
  NetImpl() {
    const auto conv = [] { return nn::Conv2d(nn::Conv2dOptions(2, 2, 3).padding(1)); };
    features = register_module(
        "features", TensorSequential(conv(), nn::ReLU(nn::ReLUOptions(true)),
                                     TensorSequential(conv(), nn::ReLU(nn::ReLUOptions(true)))));
    idle = register_module("idle", conv());
  }
  at::Tensor forward(const at::Tensor& x) { return Forward(features, x); }

  TensorSequential features{nullptr};
  nn::Conv2d idle{nullptr};
};
TORCH_MODULE(Net);

nn::Conv2dImpl& Conv(const Net& net, const std::string& name) {
  return *net->named_modules()[name]->as<nn::Conv2dImpl>();
}

TEST(LayerTapTest, RecordsWhatLayersGive) {
  torch::manual_seed(1);
  Net net;
  torch::NoGradGuard no_grad;
  const at::Tensor x = torch::randn({1, 2, 5, 6});
  const at::Tensor first = Conv(net, "features.0").forward(x), relu = first.relu();
  const at::Tensor second = Conv(net, "features.2.0").forward(relu);
  ASSERT_LT(first.min().item<float>(), 0);
  const LayerTap tap(*net, {"features.0", "features.1", "features.2.0", "features"});
  const at::Tensor out = net->forward(x);
  // The ReLU behind a convolution works in place on what that gave.
  EXPECT_TRUE(at::equal(tap.Output("features.0"), first));
  EXPECT_TRUE(at::equal(tap.Output("features.1"), relu));
  EXPECT_TRUE(at::equal(tap.Output("features.2.0"), second));
  EXPECT_TRUE(at::equal(tap.Output("features"), second.relu()));
  EXPECT_TRUE(at::equal(out, second.relu()));
}

TEST(LayerTapTest, KeepsTheLatestPass) {
  Net net;
  const LayerTap tap(*net, {"features.0"});
  net->forward(torch::randn({1, 2, 5, 6}));
  net->forward(torch::randn({3, 2, 4, 4}));
  EXPECT_EQ(tap.Output("features.0").sizes().vec(), (std::vector<int64_t>{3, 2, 4, 4}));
}

TEST(LayerTapTest, GradientsFlowThrough) {
  Net net;
  const LayerTap tap(*net, {"features.0"});
  net->forward(torch::randn({1, 2, 5, 6}));
  tap.Output("features.0").sum().backward();
  EXPECT_TRUE(Conv(net, "features.0").weight.grad().defined());
  EXPECT_FALSE(Conv(net, "features.2.0").weight.grad().defined());
}

TEST(LayerTapTest, TapsLieInOneAnother) {
  Net net;
  const at::Tensor x = torch::randn({1, 2, 5, 6});
  const LayerTap outer(*net, {"features.0"});
  {
    const LayerTap inner(*net, {"features.0", "features.1"});
    net->forward(x);
    EXPECT_TRUE(at::equal(inner.Output("features.0"), outer.Output("features.0")));
    EXPECT_TRUE(inner.Output("features.1").defined());
  }
  net->forward(2 * x);
  EXPECT_TRUE(LayerTap::Listens());
}

TEST(LayerTapTest, IsItsThreadsAndItsNetworks) {
  Net net, other;
  const at::Tensor x = torch::randn({1, 2, 5, 6});
  {
    const LayerTap tap(*net, {"features.0"});
    other->forward(x);
    std::thread([&] { net->forward(x); }).join();
    EXPECT_THAT(ErrorOf([&] { tap.Output("features.0"); }), HasSubstr("gave nothing"));
  }
  EXPECT_FALSE(LayerTap::Listens());
}

TEST(LayerTapTest, SaysWhatThereIs) {
  Net net;
  EXPECT_THAT(ErrorOf([&] { LayerTap(*net, {"featuers.0"}); }),
              AllOf(HasSubstr("unknown layer \"featuers.0\""),
                    HasSubstr("did you mean \"features.0\""), HasSubstr("idle")));
  EXPECT_THAT(ErrorOf([&] { LayerTap(*net, {"features.2.7"}); }),
              AllOf(HasSubstr("features.2.1"), Not(HasSubstr("idle"))));
  EXPECT_FALSE(LayerTap::Listens());
  const LayerTap tap(*net, {"idle", "features.1"});
  net->forward(torch::randn({1, 2, 5, 6}));
  EXPECT_THAT(ErrorOf([&] { tap.Output("idle"); }), HasSubstr("idle gave nothing"));
  EXPECT_THAT(ErrorOf([&] { tap.Output("features.0"); }), HasSubstr("did you mean \"features.1\""));
}

}  // namespace
}  // namespace seglab
