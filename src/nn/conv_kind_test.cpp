#include "nn/conv_kind.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <string>

#include "base/error.h"
#include "base/test_error.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ConvKindOptions Kind(const std::string& text) {
  return ConvKindOptions::FromJson(ParseJson(text, "test"), "model.convolution", {});
}

TensorSequential Layers(const ConvKindOptions& options, int64_t in, int64_t out) {
  TensorSequential layers;
  AddConvolution(layers, in, out, options, /*bias=*/false);
  return layers;
}

int64_t Numbers(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const at::Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

// K^2 C M, K^2 C and K^2 C + C M.
TEST(ConvKindTest, WeightsAreTheTextbooks) {
  const int64_t c = 24, m = 40, k = 5;
  const auto with = [&](const std::string& kind, int64_t out) {
    ConvKindOptions options = Kind("\"" + kind + "\"");
    options.kernel = k;
    const int64_t count = Numbers(*Layers(options, c, out));
    EXPECT_EQ(count, options.Weights(c, out)) << kind;
    return count;
  };
  EXPECT_EQ(with("standard", m), k * k * c * m);
  EXPECT_EQ(with("dilated", m), k * k * c * m);
  EXPECT_EQ(with("depthwise", c), k * k * c);
  EXPECT_EQ(with("depthwise_separable", m), k * k * c + c * m);
}

TEST(ConvKindTest, KeepsSizesAndIsWhatItsNameSays) {
  torch::manual_seed(1);
  const at::Tensor x = torch::randn({1, 4, 9, 11});
  for (const std::string& kind : ConvKindNames()) {
    const TensorSequential layers = Layers(Kind("\"" + kind + "\""), 4, 4);
    EXPECT_EQ(TensorSequential(layers)->forward(x).sizes(), x.sizes()) << kind;
  }
  // A dilated window is one with holes.
  TensorSequential dilated = Layers(Kind(R"({"kind": "dilated", "rate": 3})"), 4, 2);
  const at::Tensor weight = dilated->parameters().front();
  at::Tensor holes = at::zeros({2, 4, 7, 7});
  holes.slice(2, 0, 7, 3).slice(3, 0, 7, 3).copy_(weight.detach());
  EXPECT_TRUE(at::allclose(dilated->forward(x), at::conv2d(x, holes, {}, 1, 3), 1e-4, 1e-5));
  // Depthwise: channel by channel.
  TensorSequential depthwise = Layers(Kind("\"depthwise\""), 4, 4);
  const at::Tensor windows = depthwise->parameters().front().detach();
  for (int64_t c = 0; c < 4; ++c) {
    const at::Tensor alone = at::conv2d(x.narrow(1, c, 1), windows.narrow(0, c, 1), {}, 1, 1);
    EXPECT_TRUE(at::allclose(depthwise->forward(x).narrow(1, c, 1), alone, 1e-4, 1e-5));
  }
}

TEST(ConvKindTest, OptionsAreChecked) {
  const auto error = [](const std::string& text) { return ErrorOf([&] { Kind(text); }); };
  EXPECT_EQ(Kind("\"dilated\"").rate, 2);
  EXPECT_THAT(error("\"depthwize\""), AllOf(HasSubstr("model.convolution.kind: "),
                                            HasSubstr("did you mean \"depthwise\"")));
  EXPECT_THAT(error(R"({"kernel": 4})"), HasSubstr("model.convolution.kernel: must be odd"));
  EXPECT_THAT(error(R"({"rate": 2})"), HasSubstr("that is \"dilated\""));
  EXPECT_THAT(error(R"({"kind": "dilated", "rate": 1})"), HasSubstr("that is \"standard\""));
  EXPECT_THAT(error(R"({"kind": "depthwise", "rates": 2})"), HasSubstr("did you mean \"rate\""));
  EXPECT_THAT(ErrorOf([] { Layers(Kind("\"depthwise\""), 3, 8); }),
              HasSubstr("take \"depthwise_separable\""));
}

}  // namespace
}  // namespace seglab
