#include "weights/network_match.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <string>
#include <vector>

#include "models/test_models.h"

namespace seglab {
namespace {

Json On(const std::string& network, const Json& backbone) {
  return {{"name", network}, {"backbone", backbone}};
}

std::vector<NetworkMatch> MatchesOf(const Json& spec) {
  return MatchNetworks(ModuleState(*SeededModel(spec, 3)));
}

TEST(MatchNetworks, FindsANetworkByItsNames) {
  const std::vector<NetworkMatch> found =
      MatchesOf(On("fcn16s", {{"name", "vgg11_bn"}, {"width", 0.25}}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].spec, On("fcn16s", {{"name", "vgg11_bn"}, {"width", 0.25}}));
  EXPECT_TRUE(found[0].whole);
}

TEST(MatchNetworks, APublishedWidthIsNotNamed) {
  const std::vector<NetworkMatch> found = MatchesOf(On("classifier", "squeezenet1_1"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].spec, On("classifier", "squeezenet1_1"));
}

TEST(MatchNetworks, OptionsThatChangeNamesAreFound) {
  for (const Json& backbone :
       {Json{{"name", "googlenet"}, {"width", 0.125}},
        Json{{"name", "googlenet"}, {"aux_loss", true}, {"width", 0.125}},
        Json{{"name", "googlenet"}, {"caffe", true}, {"aux_loss", true}, {"width", 0.125}}}) {
    const std::vector<NetworkMatch> found = MatchesOf(On("classifier", backbone));
    ASSERT_EQ(found.size(), 1u) << backbone;
    EXPECT_EQ(found[0].spec, On("classifier", backbone));
  }
}

TEST(MatchNetworks, AClassifierWithoutItsLastLayersStartsNetworks) {
  NamedTensors trunk;
  for (const auto& item : ModuleState(*SeededModel(On("classifier", "squeezenet1_1"), 3))) {
    if (!HasPrefix(item.first, "classifier")) trunk.push_back(item);
  }
  const std::vector<NetworkMatch> found = MatchNetworks(trunk);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].spec, On("classifier", "squeezenet1_1"));
  EXPECT_FALSE(found[0].whole);
}

TEST(MatchNetworks, AnAuxiliaryHeadIsPartOfTheNetwork) {
  Json spec = {{"name", "fcn_resnet50"}, {"aux_loss", true}, {"width", 0.125}};
  const std::vector<NetworkMatch> found = MatchesOf(spec);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].spec, spec);
}

// What differs in rates alone is named in all its forms, the default first.
TEST(MatchNetworks, DeepLabs) {
  const Json thin = {{"name", "vgg11"}, {"width", 0.25}},
             mobile = {{"name", "mobilenet_v2"}, {"width", 0.5}};
  const auto with = [](Json spec, const char* option, const Json& value) {
    spec[option] = value;
    return spec;
  };
  const auto specs = [](const std::vector<NetworkMatch>& matches) {
    std::vector<Json> found;
    for (const NetworkMatch& match : matches) {
      EXPECT_TRUE(match.whole);
      found.push_back(match.spec);
    }
    return found;
  };
  const Json v1 = On("deeplab_v1", thin), v2 = On("deeplab_v2", thin),
             on_mobile = On("deeplab_v2", mobile);
  EXPECT_EQ(specs(MatchesOf(v1)), (std::vector<Json>{v1, with(v2, "head", "largefov")}));
  EXPECT_EQ(specs(MatchesOf(with(v1, "fc6", "4x4_r8"))),
            (std::vector<Json>{with(v1, "fc6", "4x4_r4"), with(v1, "fc6", "4x4_r8")}));
  const Json msc = with(with(v1, "msc", true), "fc6", "7x7_r4");
  EXPECT_EQ(specs(MatchesOf(msc)), (std::vector<Json>{msc}));
  EXPECT_EQ(specs(MatchesOf(v2)), (std::vector<Json>{v2, with(v2, "head", "aspp_s")}));
  EXPECT_EQ(specs(MatchesOf(on_mobile)),
            (std::vector<Json>{on_mobile, with(on_mobile, "head", "aspp_s")}));
  for (const std::string head : {"largefov", "score"}) {
    EXPECT_EQ(specs(MatchesOf(with(on_mobile, "head", head))),
              (std::vector<Json>{with(on_mobile, "head", head)}));
  }
}

TEST(MatchNetworks, UnknownNamesMatchNothing) {
  EXPECT_TRUE(MatchNetworks({}).empty());
  EXPECT_TRUE(MatchNetworks({{"conv1.weight", torch::zeros({4, 3, 3, 3})}}).empty());
}

}  // namespace
}  // namespace seglab
