#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>
#include <string>

#include "base/error.h"
#include "base/test_error.h"
#include "models/registry.h"

// FCN on trunks whose strides are partly replaced by dilation.
namespace seglab {
namespace {

using testing::HasSubstr;

TEST(FcnOutputStrideTest, OutputStridesAreChecked) {
  auto message = [](const std::string& options) -> std::string {
    const std::string spec =
        R"({"name": "fcn32s", "backbone": {"name": "vgg11", "width": 0.0625}, )" + options + "}";
    return ErrorOf([&] { MakeModel(ParseJson(spec, "spec"), 3); });
  };
  EXPECT_EQ(message(R"("output_stride": 8)"), "");
  EXPECT_THAT(message(R"("output_stride": 12)"), HasSubstr("model.output_stride"));
  EXPECT_THAT(message(R"("output_stride": 8, "geometry": "published")"), HasSubstr("stride 32"));
}

// A pixel that is not a number spoils the logits of all pixels whose windows hold it. These lie
// around it, evenly on both sides when averaged over a whole stride, if every map is upsampled to
// where its cells lie. (Learned upsampling, which does not multiply far cells with zeros; double
// precision, which no fast convolution that mixes neighbours handles.)
TEST(FcnOutputStrideTest, LogitsLieOnTheirPixels) {
  constexpr int64_t kWidth = 2048, kMiddle = kWidth / 2;
  for (const std::string backbone : {"alexnet", "vgg11", "googlenet", "resnet18", "squeezenet1_1",
                                     "mobilenet_v1", "mobilenet_v2"}) {
    for (int64_t stride : {32, 16, 8}) {
      SCOPED_TRACE(backbone + " at output stride " + std::to_string(stride));
      const Json spec = {{"name", "fcn8s"},
                         {"output_stride", stride},
                         {"upsampling", "learned"},
                         {"backbone", {{"name", backbone}, {"width", 0.0625}}}};
      const auto model = MakeModel(spec, 1);
      model->to(torch::kDouble);
      model->eval();
      torch::NoGradGuard no_grad;
      at::Tensor images = torch::zeros({stride, 3, 1, kWidth}, torch::kDouble);
      for (int64_t i = 0; i < stride; ++i) {
        images[i].select(2, kMiddle + i).fill_(std::numeric_limits<double>::quiet_NaN());
      }
      const at::Tensor spoilt = at::isnan(model->forward(images).logits).flatten(1);
      double sum = 0;
      for (int64_t i = 0; i < stride; ++i) {
        const at::Tensor where = spoilt[i].nonzero();
        ASSERT_GT(where.numel(), 0);
        const int64_t first = where.min().item<int64_t>(), last = where.max().item<int64_t>();
        ASSERT_TRUE(first > 0 && last + 1 < kWidth) << "the windows are wider than the image";
        sum += static_cast<double>(first + last) / 2 - static_cast<double>(kMiddle + i);
      }
      EXPECT_NEAR(sum / static_cast<double>(stride), 0, 1e-9);
    }
  }
}

}  // namespace
}  // namespace seglab
