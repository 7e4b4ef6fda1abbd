#include "models/deeplab_v2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"
#include "models/registry.h"
#include "models/test_deeplab_reference.h"
#include "tensor/state.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct V2Head {
  const char* name;
  std::vector<int64_t> rates;
};
const std::vector<V2Head> kV2Heads = {
    {"aspp_l", {6, 12, 18, 24}}, {"aspp_s", {2, 4, 8, 12}}, {"largefov", {12}}};

std::shared_ptr<SegModel> ThinV2(const std::string& backbone, Json options = Json::object()) {
  Json spec = {{"name", "deeplab_v2"}, {"backbone", {{"name", backbone}, {"width", 0.0625}}}};
  spec.update(options);
  return MakeModel(spec, 5);
}

std::string V2Message(const std::string& backbone, const Json& options) {
  return ErrorOf([&] { ThinV2(backbone, options); });
}

TEST(DeepLabV2Test, EqualsTheReleasedLayersOnVgg) {
  for (const V2Head& head : kV2Heads) {
    SCOPED_TRACE(head.name);
    const auto model = ThinV2("vgg16", {{"head", head.name}, {"dropout", 0}});
    model->to(torch::kDouble);
    RandomizeDeepLab(*model);
    torch::NoGradGuard no_grad;
    const at::Tensor image = torch::randn({1, 3, 65, 89}, torch::kDouble);
    const DeepLabReference reference(*model);
    const at::Tensor pool5 = reference.Pools(image)[4];
    at::Tensor expected;
    for (size_t i = 0; i < head.rates.size(); ++i) {
      const std::string suffix = head.rates.size() == 1 ? "" : StrCat(".", i + 1);
      const at::Tensor scores = reference.Fc(pool5, head.rates[i], head.rates[i], suffix);
      expected = expected.defined() ? expected + scores : scores;
    }
    const SegOutput out = model->forward(image);
    ASSERT_EQ(out.train_on.size(), 1u);
    const double scale = expected.abs().max().item<double>();
    EXPECT_GT(scale, 0.01);
    EXPECT_LT((out.train_on[0].logits - expected).abs().max().item<double>(), 1e-10 * scale);
    EXPECT_EQ(out.train_on[0].grid, (MapGrid{8, 0}));
    EXPECT_EQ(out.train_on[0].weight, 1);
  }
}

TEST(DeepLabV2Test, OnResNetBranchesAreSingleConvolutions) {
  for (const V2Head& head : kV2Heads) {
    SCOPED_TRACE(head.name);
    const auto model = ThinV2("resnet18", {{"head", head.name}});
    model->to(torch::kDouble);
    RandomizeDeepLab(*model);
    torch::NoGradGuard no_grad;
    model->eval();
    const at::Tensor image = torch::randn({1, 3, 65, 89}, torch::kDouble);
    const DeepLabReference reference(*model);
    const at::Tensor features = model->Features(image);
    ASSERT_EQ(features.sizes().slice(2).vec(), (std::vector<int64_t>{9, 12}));
    at::Tensor expected;
    for (size_t i = 0; i < head.rates.size(); ++i) {
      const std::string layer = head.rates.size() == 1 ? "fc1" : StrCat("fc1.c", i);
      const at::Tensor scores = reference.Conv(layer, features, 1, head.rates[i], head.rates[i]);
      expected = expected.defined() ? expected + scores : scores;
    }
    const at::Tensor wide = at::upsample_bilinear2d(expected, {65, 89}, /*align_corners=*/true);
    EXPECT_LT((model->forward(image).logits - wide).abs().max().item<double>(),
              1e-10 * expected.abs().max().item<double>());
  }
}

TEST(DeepLabV2Test, ScoreIsA1x1OnAnyTrunk) {
  for (const std::string backbone : {"resnet18", "vgg11"}) {
    const auto model = ThinV2(backbone, {{"head", "score"}});
    model->eval();
    torch::NoGradGuard no_grad;
    const at::Tensor image = torch::randn({1, 3, 33, 41});
    const at::Tensor expected = DeepLabReference(*model).Conv("fc1", model->Features(image), 1, 0);
    const at::Tensor wide = at::upsample_bilinear2d(expected, {33, 41}, /*align_corners=*/true);
    EXPECT_LT((model->forward(image).logits - wide).abs().max().item<double>(), 1e-5);
    EXPECT_EQ(model->Traits().count("rates"), 0u);
    EXPECT_FALSE(model->named_parameters().contains("fc6.weight"));
  }
  EXPECT_THAT(V2Message("vgg11", {{"head", "score"}, {"fc_width", 64}}), HasSubstr("leave it out"));
}

TEST(DeepLabV2Test, TheDefaultIsCaffesResNet101) {
  const DeepLabV2Options options;
  EXPECT_EQ(options.backbone, (Json{{"name", "resnet101"}, {"caffe", true}}));
  EXPECT_EQ(options.output_stride, 8);
  EXPECT_EQ(options.head, "aspp_l");
  const auto model = ThinV2(
      "resnet101", {{"backbone", {{"name", "resnet101"}, {"caffe", true}, {"width", 0.0625}}}});
  for (const std::string layer : {"fc1.c0", "fc1.c3"}) {
    const at::Tensor weight = model->named_parameters()[layer + ".weight"];
    EXPECT_EQ(weight.sizes().vec(), (std::vector<int64_t>{5, 128, 3, 3}));
    EXPECT_NEAR(weight.std().item<double>(), 0.01, 1e-3);
    EXPECT_EQ(model->named_parameters()[layer + ".bias"].abs().max().item<double>(), 0);
  }
}

TEST(DeepLabV2Test, RatesOfOnesOwn) {
  const auto model = ThinV2("resnet18", {{"rates", {1, 3, 5}}});
  EXPECT_EQ(model->Traits().at("rates"), "1,3,5");
  EXPECT_TRUE(model->named_parameters().contains("fc1.c2.weight"));
  EXPECT_FALSE(model->named_parameters().contains("fc1.c3.weight"));
  EXPECT_TRUE(ThinV2("resnet18", {{"rates", {3}}})->named_parameters().contains("fc1.weight"));
  EXPECT_THAT(V2Message("resnet18", {{"rates", {1, 3}}, {"head", "aspp_s"}}),
              AllOf(HasSubstr("model.rates"), HasSubstr("leave one of them out")));
}

TEST(DeepLabV2Test, OutputStrides) {
  torch::NoGradGuard no_grad;
  for (const std::string backbone : {"vgg11", "resnet18", "mobilenet_v2"}) {
    for (int64_t stride : {32, 16, 8, 4}) {
      SCOPED_TRACE(backbone + " at " + std::to_string(stride));
      const auto model = ThinV2(backbone, {{"output_stride", stride}});
      for (int64_t side : {1, 34}) {
        const SegOutput out = model->forward(torch::randn({2, 3, side, 17}));
        const ScoreMap& map = out.train_on.at(0);
        EXPECT_EQ(map.logits.size(2), (side + stride - 1) / stride);
        EXPECT_EQ(map.grid.stride, stride);
        EXPECT_EQ(out.logits.sizes(), (std::vector<int64_t>{2, 5, side, 17}));
      }
    }
  }
}

TEST(DeepLabV2Test, OptionsOfFc6AreRefusedWhereThereIsNone) {
  for (const Json& options : {Json{{"fc_width", 64}}, Json{{"dropout", 0.1}}}) {
    EXPECT_EQ(V2Message("vgg11", options), "");
    EXPECT_EQ(V2Message("alexnet", options), "");
    EXPECT_THAT(V2Message("resnet18", options),
                AllOf(HasSubstr("model." + options.begin().key()), HasSubstr("leave it out")));
  }
  EXPECT_THAT(V2Message("vgg11", {{"scales", {0.5, 0.75}}}), HasSubstr("model.scales"));
  EXPECT_THAT(V2Message("vgg11", {{"head", "aspp-l"}}), HasSubstr("did you mean \"aspp_l\""));
  EXPECT_THAT(V2Message("vgg11", {{"output_stride", 5}}), HasSubstr("model.output_stride"));
  EXPECT_THAT(ErrorOf([] {
                ThinV2("vgg11")->forward(torch::zeros({3, 9, 9}));
              }),
              HasSubstr("deeplab_v2 input"));
}

}  // namespace
}  // namespace seglab
