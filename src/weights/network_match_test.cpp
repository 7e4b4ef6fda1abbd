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

TEST(MatchNetworks, UnknownNamesMatchNothing) {
  EXPECT_TRUE(MatchNetworks({}).empty());
  EXPECT_TRUE(MatchNetworks({{"conv1.weight", torch::zeros({4, 3, 3, 3})}}).empty());
}

}  // namespace
}  // namespace seglab
