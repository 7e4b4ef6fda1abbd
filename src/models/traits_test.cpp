#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "models/backbones/backbone.h"
#include "models/registry.h"

namespace seglab {
namespace {

Json Backbone(const std::string& name, const Json& options) {
  Json backbone = {{"name", name}, {"width", 0.0625}};
  backbone.update(options);
  return backbone;
}

NetworkTraits TraitsOf(const Json& spec) { return MakeModel(spec, 3)->Traits(); }

struct TraitRow {
  std::string backbone;
  Json options;
  NetworkTraits expected;
};

// A backbone says the same of its trunk, its classifier and an FCN on it.
TEST(TraitsTest, OfBackbones) {
  const Json caffe = {{"caffe", true}}, none = Json::object();
  const std::vector<TraitRow> rows = {
      {"alexnet", none, {}},
      {"alexnet", caffe, {{"variant", "caffe"}}},
      {"vgg11", none, {}},
      {"resnet18", none, {}},
      {"resnet18", caffe, {{"variant", "caffe"}}},
      {"googlenet", none, {}},
      {"googlenet", caffe, {{"variant", "caffe"}}},
      {"googlenet", {{"transform_input", true}}, {{"input", "unit"}}},
      {"mobilenet_v1", none, {}},
      {"mobilenet_v1", {{"relu6", true}}, {{"activation", "relu6"}}},
      {"mobilenet_v2", none, {}},
      {"squeezenet1_1", none, {}}};
  for (const TraitRow& row : rows) {
    const Json backbone = Backbone(row.backbone, row.options);
    SCOPED_TRACE(backbone.dump());
    EXPECT_EQ(MakeTrunk(backbone, {}, "backbone")->Traits(), row.expected);
    EXPECT_EQ(TraitsOf({{"name", "classifier"}, {"backbone", backbone}}), row.expected);
    EXPECT_EQ(TraitsOf({{"name", "fcn16s"}, {"backbone", backbone}}), row.expected);
  }
}

TEST(TraitsTest, OfNetworks) {
  const Json alexnet = Backbone("alexnet", {{"caffe", true}});
  EXPECT_EQ(TraitsOf({{"name", "fcn32s"}, {"geometry", "published"}, {"backbone", alexnet}}),
            (NetworkTraits{{"geometry", "published"}, {"variant", "caffe"}}));
  const Json resnet = Backbone("resnet18", {{"caffe", true}}),
             vgg = Backbone("vgg11", Json::object());
  EXPECT_EQ(TraitsOf({{"name", "deeplab_v2"}, {"backbone", resnet}}),
            (NetworkTraits{{"rates", "6,12,18,24"}, {"variant", "caffe"}}));
  EXPECT_EQ(TraitsOf({{"name", "deeplab_v2"}, {"head", "aspp_s"}, {"backbone", vgg}}),
            (NetworkTraits{{"rates", "2,4,8,12"}}));
  for (const auto& [fc6, rate] : {std::pair("largefov", "12"), std::pair("4x4_r8", "8")}) {
    EXPECT_EQ(TraitsOf({{"name", "deeplab_v1"}, {"fc6", fc6}, {"backbone", vgg}}),
              (NetworkTraits{{"rates", rate}}));
  }
  for (const std::string name : {"fcn_resnet50", "deeplabv3_resnet50", "deeplabv3_mobilenet_v2"}) {
    EXPECT_EQ(TraitsOf({{"name", name}, {"width", 0.0625}}), NetworkTraits()) << name;
  }
}

}  // namespace
}  // namespace seglab
