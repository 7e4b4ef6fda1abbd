#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string>
#include <vector>

#include "models/backbones/backbone.h"
#include "nn/layer_tap.h"
#include "tensor/state.h"

// Maps that tell where their max pools found their values.
namespace seglab {
namespace {

std::shared_ptr<Trunk> Make(const Json& spec, bool indices, bool published = false) {
  torch::manual_seed(1);
  TrunkOptions options;
  options.pooling_indices = indices;
  options.published_fcn = published;
  const auto trunk = MakeTrunk(spec, options, "backbone");
  trunk->eval();
  return trunk;
}

/// What lies at the indices of a map, in the map before its pool.
at::Tensor Gathered(const FeatureMap& map, const at::Tensor& before) {
  return before.flatten(2).gather(2, map.indices.flatten(2)).view(map.indices.sizes());
}

TEST(PoolingIndicesTest, OfVgg) {
  const Json spec = {{"name", "vgg11"}, {"width", 0.0625}, {"fc6_kernel", 3}};
  for (bool published : {false, true}) {
    const Json wide = published ? Json{{"name", "vgg11"}, {"width", 0.0625}} : spec;
    const auto trunk = Make(wide, /*indices=*/true, published);
    torch::NoGradGuard no_grad;
    const at::Tensor image = torch::randn({2, 3, 65, 97});
    // The ReLUs before the pools and, behind the last, what fc6 sees.
    const LayerTap tap(*trunk, {"features.1", "features.4", "features.9", "features.14",
                                "features.19", "features.20"});
    const FeatureMaps maps = trunk->forward(image);
    const std::vector<std::pair<int, std::string>> pools = {
        {2, "features.1"}, {4, "features.4"}, {8, "features.9"}, {16, "features.14"}};
    for (const auto& [stride, layer] : pools) {
      const FeatureMap& map = maps.at(stride);
      const at::Tensor& before = tap.Output(layer);
      ASSERT_EQ(map.indices.sizes(), map.values.sizes());
      EXPECT_TRUE(at::equal(Gathered(map, before), map.values)) << stride;
      EXPECT_EQ(map.unpooled, (std::array<int64_t, 2>{before.size(2), before.size(3)}));
      const at::Tensor unpooled =
          at::max_unpool2d(map.values, map.indices, {map.unpooled[0], map.unpooled[1]});
      EXPECT_EQ(unpooled.sizes(), before.sizes());
    }
    EXPECT_TRUE(
        at::equal(Gathered(maps.at(32), tap.Output("features.19")), tap.Output("features.20")));
    EXPECT_EQ(maps.at(32).values.size(1), trunk->Channels(32)) << "fc7's values";
  }
}

class BackbonePools : public testing::TestWithParam<std::string> {};

std::vector<std::string> PooledNames() {
  std::vector<std::string> names;
  for (const BackboneRow& row : BackboneRows()) names.push_back(row.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Registry, BackbonePools, testing::ValuesIn(PooledNames()),
                         [](const auto& info) { return info.param; });

/// The nominal strides whose maps a max pool brings there.
std::vector<int> PooledStrides(const std::string& name) {
  if (name.starts_with("vgg")) return {2, 4, 8, 16, 32};
  if (name == "alexnet") return {8, 16, 32};
  if (name.starts_with("resnet")) return {4};
  if (name.starts_with("mobilenet")) return {};
  return {4, 8, 16, 32};
}

// They cost nothing unless they are asked for, and then the values stay the same.
TEST_P(BackbonePools, AreAnOption) {
  std::vector<Json> specs = {{{"name", GetParam()}, {"width", 0.0625}}};
  if (GetParam() == "alexnet" || GetParam() == "googlenet") {
    specs.push_back({{"name", GetParam()}, {"width", 0.0625}, {"caffe", true}});
  }
  for (const Json& spec : specs) {
    SCOPED_TRACE(spec.dump());
    const auto plain = Make(spec, false), indexed = Make(spec, true);
    torch::NoGradGuard no_grad;
    const at::Tensor image = torch::randn({1, 3, 65, 97});
    const FeatureMaps expected = plain->forward(image), found = indexed->forward(image);
    ASSERT_EQ(found.size(), expected.size());
    const std::vector<int> pooled = PooledStrides(GetParam());
    for (const auto& [stride, map] : found) {
      EXPECT_TRUE(at::equal(map.values, expected.at(stride).values)) << stride;
      EXPECT_FALSE(expected.at(stride).indices.defined());
      const bool has = std::count(pooled.begin(), pooled.end(), stride) > 0;
      ASSERT_EQ(map.indices.defined(), has) << stride;
      if (!has) continue;
      EXPECT_EQ(map.indices.sizes().slice(2), map.values.sizes().slice(2)) << stride;
      EXPECT_LT(map.indices.max().item<int64_t>(), map.unpooled[0] * map.unpooled[1]);
    }
  }
}

}  // namespace
}  // namespace seglab
