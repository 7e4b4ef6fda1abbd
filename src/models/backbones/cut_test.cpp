#include <gmock/gmock.h>
#include <torch/torch.h>

#include <string>
#include <vector>

#include "base/test_error.h"
#include "models/backbones/backbone.h"
#include "models/test_models.h"

// Trunks that end before their deepest map.
namespace seglab {
namespace {

using testing::HasSubstr;

class CutTrunk : public testing::TestWithParam<std::string> {};

std::vector<std::string> CutNames() {
  std::vector<std::string> names;
  for (const BackboneRow& row : BackboneRows()) names.push_back(row.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Registry, CutTrunk, testing::ValuesIn(CutNames()),
                         [](const auto& info) { return info.param; });

TEST_P(CutTrunk, EndsWhereItIsAskedTo) {
  const Json spec = {{"name", GetParam()}, {"width", 0.0625}};
  const auto classifier = SeededModel({{"name", "classifier"}, {"backbone", spec}}, 5);
  for (int deepest : {4, 8, 16, 32}) {
    SCOPED_TRACE(deepest);
    TrunkOptions options;
    options.deepest = deepest;
    options.fc = false;
    const auto trunk = MakeTrunk(spec, options, "backbone");
    EXPECT_EQ(trunk->Strides().back(), deepest);
    EXPECT_EQ(trunk->OutputStride(), deepest);
    const FeatureMaps maps = trunk->forward(torch::randn({2, 3, 65, 97}));
    EXPECT_EQ(maps.rbegin()->first, deepest);
    const at::Tensor& values = maps.at(deepest).values;
    EXPECT_EQ(values.sizes(),
              (std::vector<int64_t>{2, trunk->Channels(deepest), (65 + deepest - 1) / deepest,
                                    (97 + deepest - 1) / deepest}));
    values.sum().backward();
    for (const auto& item : trunk->named_parameters())
      EXPECT_TRUE(item.value().grad().defined()) << item.key() << " takes no part";
    const SegModel::Start start = trunk->StartFromClassifier(ModuleState(*classifier));
    EXPECT_EQ(
        ErrorOf([&] {
          LoadState(*trunk, start.tensors, {"classifier", start.new_layers, start.dropped_layers});
        }),
        "");
  }
}

TEST(CutTrunkTest, OptionsAreChecked) {
  TrunkOptions options;
  options.deepest = 2;
  EXPECT_THAT(ErrorOf([&] { options.Check(); }), HasSubstr("TrunkOptions.deepest"));
  options.deepest = 8;
  options.published_fcn = true;
  EXPECT_THAT(ErrorOf([&] { options.Check(); }), HasSubstr("leave one of them out"));
}

}  // namespace
}  // namespace seglab
