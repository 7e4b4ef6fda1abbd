#include "nn/upsampling.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <string>
#include <tuple>

#include "base/error.h"
#include "base/test_error.h"
#include "tensor/test_gradients.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::vector<UpsamplingKind> AllKinds() {
  std::vector<UpsamplingKind> kinds;
  for (const std::string& name : UpsamplingNames()) kinds.push_back(ParseUpsampling(name, "test"));
  return kinds;
}

/// A map, and what a pool made of it.
struct Case {
  at::Tensor pooled;
  BeforePool before;
};

Case CaseOf(int64_t height, int64_t width, at::ScalarType type = at::kFloat) {
  Case made;
  const at::Tensor x = torch::randn({2, 3, height, width}, type);
  std::tie(made.pooled, made.before.indices) = at::max_pool2d_with_indices(x, 2, 2, 0, 1, true);
  made.before.height = height;
  made.before.width = width;
  return made;
}

TEST(UpsamplingTest, EveryKindMakesTheSizeThatIsAskedFor) {
  torch::manual_seed(1);
  for (const UpsamplingKind kind : AllKinds()) {
    Upsampling up(UpsamplingOptions{kind, 3});
    for (const auto& [height, width] : {std::pair(8, 6), std::pair(7, 9), std::pair(1, 2)}) {
      const Case made = CaseOf(height, width);
      const at::Tensor found = up->forward(made.pooled, made.before);
      EXPECT_EQ(found.sizes().vec(), (std::vector<int64_t>{2, 3, height, width}));
    }
  }
}

TEST(UpsamplingTest, EveryKindIsWhatItsNameSays) {
  const at::Tensor x = torch::tensor({{1.f, 2.f}, {3.f, 5.f}}).view({1, 1, 2, 2});
  const at::Tensor indices = torch::tensor({{5, 2}, {8, 15}}).view({1, 1, 2, 2});
  const auto made = [&](UpsamplingKind kind, int64_t kernel = 4) {
    Upsampling up(UpsamplingOptions{kind, 1, kernel});
    return up->forward(x, {4, 4, indices}).detach().view({4, 4});
  };
  EXPECT_TRUE(at::equal(made(UpsamplingKind::kNearest),
                        x.view({2, 2}).repeat_interleave(2, 0).repeat_interleave(2, 1)));
  EXPECT_TRUE(at::allclose(made(UpsamplingKind::kBilinear),
                           at::upsample_bilinear2d(x, {4, 4}, false).view({4, 4})));
  at::Tensor nails = at::zeros({4, 4}), unpooled = at::zeros({4, 4});
  nails[0][0] = 1;
  nails[0][2] = 2;
  nails[2][0] = 3;
  nails[2][2] = 5;
  EXPECT_TRUE(at::equal(made(UpsamplingKind::kBedOfNails), nails));
  unpooled[1][1] = 1;
  unpooled[0][2] = 2;
  unpooled[2][0] = 3;
  unpooled[3][3] = 5;
  EXPECT_TRUE(at::equal(made(UpsamplingKind::kMaxUnpooling), unpooled));
  // A fresh transposed convolution of 2 x 2 repeats, one of 4 x 4 is bilinear inside of the border.
  EXPECT_TRUE(at::allclose(made(UpsamplingKind::kTransposed, 2), made(UpsamplingKind::kNearest)));
  EXPECT_TRUE(at::allclose(
      made(UpsamplingKind::kTransposed).slice(0, 1, 3).slice(1, 1, 3),
      at::upsample_bilinear2d(x, {4, 4}, false).view({4, 4}).slice(0, 1, 3).slice(1, 1, 3)));
}

TEST(UpsamplingTest, AFreshTransposedConvolutionKeepsConstants) {
  for (int64_t kernel : {2, 4, 8}) {
    Upsampling up(UpsamplingOptions{UpsamplingKind::kTransposed, 2, kernel});
    const at::Tensor found = up->forward(at::full({1, 2, 9, 9}, 3.0), {18, 18, {}});
    EXPECT_LT((found - 3).abs().slice(2, 5, 13).slice(3, 5, 13).max().item<float>(), 1e-5);
  }
}

TEST(UpsamplingTest, GradientsAreNumeric) {
  torch::manual_seed(2);
  for (const UpsamplingKind kind : AllKinds()) {
    SCOPED_TRACE(UpsamplingNames()[static_cast<size_t>(kind)]);
    Upsampling up(UpsamplingOptions{kind, 3});
    up->to(at::kDouble);
    const Case made = CaseOf(5, 4, at::kDouble);
    const at::Tensor weights = torch::randn({2, 3, 5, 4}, at::kDouble);
    const auto loss = [&](const at::Tensor& x) {
      return (up->forward(x, made.before).square() * weights).sum();
    };
    EXPECT_LT(GradientError(made.pooled, loss), 1e-6);
  }
}

TEST(UpsamplingTest, ErrorsSayWhatIsWrong) {
  EXPECT_THAT(ErrorOf([] { ParseUpsampling("bed_of_nail", "model.upsampling"); }),
              AllOf(HasSubstr("model.upsampling: "), HasSubstr("did you mean \"bed_of_nails\"")));
  EXPECT_EQ(ErrorOf([] {
              Upsampling up(UpsamplingOptions{UpsamplingKind::kTransposed, 3, 5});
            }),
            "UpsamplingOptions.kernel: must be even, found 5");
  Upsampling unpooling(UpsamplingOptions{UpsamplingKind::kMaxUnpooling, 1});
  EXPECT_THAT(ErrorOf([&] {
                unpooling->forward(at::ones({1, 1, 2, 2}), {4, 4, {}});
              }),
              HasSubstr("needs the indices of the pool"));
  EXPECT_THAT(ErrorOf([&] {
                unpooling->forward(at::ones({1, 1, 2, 2}), {6, 4, {}});
              }),
              HasSubstr("cannot make one of 6x4"));
}

}  // namespace
}  // namespace seglab
