#include "nn/aspp.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"
#include "tensor/state.h"

namespace seglab {
namespace {

AsppOptions Small() {
  AsppOptions options;
  options.in = 6;
  options.out = 4;
  options.rates = {1, 2, 5};
  return options;
}

TEST(AsppTest, IsItsBranchesSideBySide) {
  torch::manual_seed(1);
  Aspp aspp(Small());
  aspp->eval();
  torch::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> weights;
  for (auto& [name, tensor] : ModuleState(*aspp)) {
    at::Tensor value = tensor;
    if (value.dim() == 1) value.add_(torch::rand_like(value));
    weights[name] = value;
  }
  auto branch = [&](const std::string& conv, const std::string& norm, const at::Tensor& x,
                    int64_t rate) {
    const at::Tensor kernel = weights.at(conv + ".weight");
    const int64_t padding = kernel.size(2) / 2 * rate;
    const at::Tensor y = at::conv2d(x, kernel, {}, 1, padding, rate);
    return at::batch_norm(y, weights.at(norm + ".weight"), weights.at(norm + ".bias"),
                          weights.at(norm + ".running_mean"), weights.at(norm + ".running_var"),
                          false, 0.1, 1e-5, false)
        .relu();
  };
  for (const auto& [height, width] : {std::pair(7, 9), std::pair(1, 1)}) {
    const at::Tensor x = torch::randn({2, 6, height, width});
    std::vector<at::Tensor> parts = {
        branch("convs.0.0", "convs.0.1", x, 1), branch("convs.1.0", "convs.1.1", x, 1),
        branch("convs.2.0", "convs.2.1", x, 2), branch("convs.3.0", "convs.3.1", x, 5)};
    const at::Tensor level =
        branch("convs.4.1", "convs.4.2", at::adaptive_avg_pool2d(x, {1, 1}), 1);
    parts.push_back(at::upsample_bilinear2d(level, {height, width}, false));
    const at::Tensor expected = branch("project.0", "project.1", at::cat(parts, 1), 1);
    const at::Tensor found = aspp->forward(x);
    ASSERT_EQ(found.sizes().vec(), (std::vector<int64_t>{2, 4, height, width}));
    EXPECT_GT(expected.abs().max().item<double>(), 0.01);
    EXPECT_LE((found - expected).abs().max().item<double>(), 1e-5);
  }
}

TEST(AsppTest, OneImageIsTooFewForBatchNormInTraining) {
  Aspp aspp(Small());
  const at::Tensor one = torch::randn({1, 6, 5, 5});
  EXPECT_THROW(aspp->forward(one), Error);
  EXPECT_NO_THROW(aspp->forward(torch::randn({2, 6, 5, 5})));
  aspp->eval();
  EXPECT_NO_THROW(aspp->forward(one));
}

TEST(AsppTest, DropoutWorksOnlyInTraining) {
  torch::manual_seed(2);
  Aspp aspp(Small());
  const at::Tensor x = torch::randn({2, 6, 5, 5});
  EXPECT_FALSE(at::equal(aspp->forward(x), aspp->forward(x)));
  aspp->eval();
  EXPECT_TRUE(at::equal(aspp->forward(x), aspp->forward(x)));
}

TEST(AsppTest, OptionsAreChecked) {
  EXPECT_NO_THROW(Small().Check());
  EXPECT_NO_THROW(AsppOptions().Check());
  const auto message = [](auto change) {
    AsppOptions options = Small();
    change(options);
    return ErrorOf([&] { Aspp aspp(options); });
  };
  EXPECT_EQ(message([](AsppOptions& o) { o.out = 0; }),
            "AsppOptions.out: must be at least 1, found 0");
  EXPECT_EQ(message([](AsppOptions& o) {
              o.rates = {6, -1};
            }),
            "AsppOptions.rates: must be at least 1, found -1");
  EXPECT_EQ(message([](AsppOptions& o) { o.dropout = 1; }),
            "AsppOptions.dropout: must be between 0.0 and 0.95, found 1.0");
}

}  // namespace
}  // namespace seglab
