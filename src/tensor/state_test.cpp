#include "tensor/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"

namespace seglab {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Net : torch::nn::Module {
  Net() {
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 4, 3)));
    bn = register_module("bn", torch::nn::BatchNorm2d(4));
  }
  torch::nn::Conv2d conv{nullptr};
  torch::nn::BatchNorm2d bn{nullptr};
};

const std::vector<std::string> kNames = {"conv.weight",
                                         "conv.bias",
                                         "bn.weight",
                                         "bn.bias",
                                         "bn.running_mean",
                                         "bn.running_var",
                                         "bn.num_batches_tracked"};

/// Other values under the same names and shapes.
NamedTensors OtherValues(const torch::nn::Module& module) {
  NamedTensors other;
  for (const auto& [name, tensor] : ModuleState(module)) {
    other.emplace_back(name, torch::randint(0, 1000, tensor.sizes()).to(tensor.scalar_type()));
  }
  return other;
}

NamedTensors Copy(const torch::nn::Module& module) {
  NamedTensors copy;
  for (const auto& [name, tensor] : ModuleState(module)) {
    copy.emplace_back(name, tensor.detach().clone());
  }
  return copy;
}

void ExpectEqual(const NamedTensors& a, const NamedTensors& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].first, b[i].first);
    EXPECT_TRUE(at::equal(a[i].second, b[i].second)) << a[i].first;
  }
}

TEST(LoadStateTest, NumbersThatAreNotFiniteAreRefused) {
  const float infinite = std::numeric_limits<float>::infinity();
  for (float value : {std::nanf(""), infinite, -infinite}) {
    Net net;
    const NamedTensors before = Copy(net);
    NamedTensors other = OtherValues(net);
    other[0].second.view(-1)[7].fill_(value);
    other[0].second.view(-1)[8].fill_(value);
    LoadOptions options;
    options.where = "net.pth";
    EXPECT_THAT([&] { LoadState(net, other, options); },
                testing::ThrowsMessage<Error>(
                    HasSubstr("net.pth: 2 of the 108 numbers of \"conv.weight\" are not finite")));
    ExpectEqual(Copy(net), before);
  }
  // A sum that overflows is none.
  CheckFinite(torch::full({1000}, 3e38f), "w", "x");
  CheckFinite(torch::full({100}, 60000.f).to(at::kHalf), "w", "x");
  EXPECT_THROW(CheckFinite(torch::full({1}, 1e10f).to(at::kHalf), "w", "x"), Error);
  CheckFinite(torch::zeros({3}, at::kLong), "n", "x");
  CheckFinite(torch::zeros({0}), "e", "x");
}

NamedTensors Without(const NamedTensors& tensors, const std::string& name) {
  NamedTensors rest;
  for (const auto& item : tensors) {
    if (item.first != name) rest.push_back(item);
  }
  return rest;
}

/// The message of a load that must fail; the module must keep every value.
std::string FailedLoad(torch::nn::Module& module, const NamedTensors& tensors,
                       const LoadOptions& options = {"weights.safetensors", {}, {}}) {
  const NamedTensors before = Copy(module);
  std::string message;
  try {
    LoadState(module, tensors, options);
    ADD_FAILURE() << "the load did not fail";
  } catch (const Error& error) {
    message = error.what();
  }
  ExpectEqual(Copy(module), before);
  return message;
}

TEST(StateTest, NamesParametersThenBuffers) {
  Net net;
  std::vector<std::string> names;
  for (const auto& [name, tensor] : ModuleState(net)) names.push_back(name);
  EXPECT_EQ(names, kNames);
}

TEST(StateTest, SharesTheModulesMemory) {
  Net net;
  for (auto& [name, tensor] : ModuleState(net)) {
    torch::NoGradGuard no_grad;
    tensor.fill_(3);
  }
  EXPECT_TRUE(at::equal(net.conv->weight, torch::full({4, 3, 3, 3}, 3.f)));
  EXPECT_TRUE(at::equal(net.bn->running_mean, torch::full({4}, 3.f)));
}

TEST(StateTest, LoadsEverything) {
  torch::manual_seed(1);
  Net net;
  const NamedTensors other = OtherValues(net);
  LoadState(net, other, {"file", {}, {}});
  ExpectEqual(Copy(net), other);
  for (const auto& parameter : net.parameters()) EXPECT_TRUE(parameter.requires_grad());
}

TEST(StateTest, OrderDoesNotMatter) {
  Net net;
  const NamedTensors other = OtherValues(net);
  LoadState(net, NamedTensors(other.rbegin(), other.rend()), {"file", {}, {}});
  ExpectEqual(Copy(net), other);
}

TEST(StateTest, EachNameIsRequiredExceptTheBatchCount) {
  for (const std::string& name : kNames) {
    Net net;
    const NamedTensors part = Without(OtherValues(net), name);
    if (name == "bn.num_batches_tracked") {
      EXPECT_NO_THROW(LoadState(net, part, {"file", {}, {}}));
      continue;
    }
    const std::string message = FailedLoad(net, part);
    EXPECT_THAT(message, HasSubstr("weights.safetensors"));
    EXPECT_THAT(message, HasSubstr("missing 1: " + name));
    EXPECT_THAT(message, Not(HasSubstr("unexpected")));
    EXPECT_THAT(message, Not(HasSubstr("wrong shape")));
  }
}

TEST(StateTest, TellsAllThatDoesNotFitInOneLine) {
  Net net;
  NamedTensors tensors = Without(Without(OtherValues(net), "conv.weight"), "bn.bias");
  tensors.emplace_back("conv.weigth", torch::zeros({4, 3, 3, 3}));
  tensors.emplace_back("fc.weight", torch::zeros({2}));
  for (auto& [name, tensor] : tensors) {
    if (name == "bn.weight") tensor = torch::zeros({5});
  }
  const std::string message = FailedLoad(net, tensors);
  EXPECT_THAT(message, HasSubstr("missing 2: conv.weight, bn.bias"));
  EXPECT_THAT(message, HasSubstr("unexpected 2: \"conv.weigth\" (near conv.weight)"));
  EXPECT_THAT(message, HasSubstr("fc.weight"));
  EXPECT_THAT(message, HasSubstr("wrong shape 1: bn.weight is (5) but must be (4)"));
  EXPECT_THAT(message, Not(HasSubstr("\n")));
}

TEST(StateTest, SameCountOfOtherShapeIsRefused) {
  Net net;
  NamedTensors tensors = OtherValues(net);
  tensors[0].second = tensors[0].second.reshape({4, 27});
  EXPECT_THAT(FailedLoad(net, tensors),
              HasSubstr("conv.weight is (4, 27) but must be (4, 3, 3, 3)"));
}

TEST(StateTest, LongListsAreCut) {
  Net net;
  NamedTensors tensors = OtherValues(net);
  for (int i = 0; i < 1000; ++i)
    tensors.emplace_back("extra" + std::to_string(i), torch::zeros({1}));
  const std::string message = FailedLoad(net, tensors);
  EXPECT_THAT(message, HasSubstr("unexpected 1000: \"extra0\""));
  EXPECT_THAT(message, HasSubstr("\"extra99\" and 900 more"));
  EXPECT_THAT(message, Not(HasSubstr("extra100")));
}

TEST(StateTest, NamesOfFilesAreMadeHarmless) {
  Net net;
  NamedTensors tensors = OtherValues(net);
  tensors.emplace_back("\x1b[2J", torch::zeros({1}));
  EXPECT_THAT(FailedLoad(net, tensors), HasSubstr("\"?[2J\""));
}

TEST(StateTest, OtherClassesAreSaidToBeSo) {
  Net net;
  NamedTensors tensors = OtherValues(net);
  tensors[0].second = torch::zeros({21, 3, 3, 3});
  tensors[1].second = torch::zeros({21});
  const std::string plain = FailedLoad(net, tensors);
  EXPECT_THAT(plain, HasSubstr("wrong shape 2: conv.weight is (21, 3, 3, 3) but must be"));
  EXPECT_THAT(plain, HasSubstr("they are for 21 classes, the network is for 4"));
  EXPECT_THAT(plain, Not(HasSubstr("skip")));
  LoadOptions options = {"a.pth", {}, {}};
  options.may_skip = true;
  EXPECT_THAT(FailedLoad(net, tensors, options),
              HasSubstr(R"("init": {"from": "a.pth", "skip": ["conv"]} starts)"));

  // Anything else is no matter of classes.
  NamedTensors other = tensors;
  other[1].second = torch::zeros({22});
  EXPECT_THAT(FailedLoad(net, other, options), Not(HasSubstr("classes")));
  other[1].second = torch::zeros({});
  EXPECT_THAT(FailedLoad(net, other, options), Not(HasSubstr("classes")));
  other = tensors;
  other[0].second = torch::zeros({21, 3, 5, 5});
  EXPECT_THAT(FailedLoad(net, other, options), Not(HasSubstr("classes")));
  other = tensors;
  other.emplace_back("fc.weight", torch::zeros({2}));
  EXPECT_THAT(FailedLoad(net, other, options), Not(HasSubstr("classes")));
}

// Looking at every name once for every other one would take minutes.
TEST(StateTest, ManyNamesAreCompared) {
  Net net;
  NamedTensors tensors;
  const at::Tensor nothing = torch::zeros({1});
  for (int i = 0; i < 200'000; ++i) tensors.emplace_back("layer" + std::to_string(i), nothing);
  const std::string message = FailedLoad(net, tensors);
  EXPECT_THAT(message, HasSubstr("unexpected 200000: \"layer0"));
  EXPECT_THAT(message, HasSubstr("missing 6: conv.weight"));
}

TEST(StateTest, PrefixesMayMissAndMayBeLeftOver) {
  torch::manual_seed(2);
  Net net;
  const NamedTensors fresh = Copy(net);
  NamedTensors tensors = Without(Without(OtherValues(net), "conv.weight"), "conv.bias");
  tensors.emplace_back("fc.weight", torch::zeros({2}));
  FailedLoad(net, tensors, {"file", {"conv"}, {}});
  FailedLoad(net, tensors, {"file", {}, {"fc"}});
  FailedLoad(net, tensors, {"file", {"con"}, {"f"}});
  LoadState(net, tensors, {"file", {"conv"}, {"fc"}});
  EXPECT_TRUE(at::equal(net.conv->weight, fresh[0].second));
  EXPECT_TRUE(at::equal(net.conv->bias, fresh[1].second));
  EXPECT_TRUE(at::equal(net.bn->weight, tensors[0].second));
}

TEST(StateTest, AllowedPrefixesStillNeedTheRightShape) {
  Net net;
  NamedTensors tensors = OtherValues(net);
  tensors[0].second = torch::zeros({4, 3, 5, 5});
  EXPECT_THAT(FailedLoad(net, tensors, {"file", {"conv"}, {"conv"}}), HasSubstr("wrong shape 1"));
}

TEST(StateTest, TypesAreConverted) {
  torch::manual_seed(3);
  Net net;
  NamedTensors tensors = OtherValues(net);
  const at::Tensor half = torch::randn({4, 3, 3, 3}).to(at::kHalf);
  const at::Tensor brain = torch::randn({4}).to(at::kBFloat16);
  const at::Tensor wide = torch::randn({4}, at::kDouble);
  tensors[0].second = half;
  tensors[1].second = brain;
  tensors[2].second = wide;
  LoadState(net, tensors, {"file", {}, {}});
  EXPECT_EQ(net.conv->weight.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(net.conv->weight, half.to(at::kFloat)));
  EXPECT_TRUE(at::equal(net.conv->bias, brain.to(at::kFloat)));
  EXPECT_TRUE(at::equal(net.bn->weight, wide.to(at::kFloat)));
}

TEST(StateTest, PrefixEndsAtADot) {
  EXPECT_TRUE(HasPrefix("score_fr", "score_fr"));
  EXPECT_TRUE(HasPrefix("score_fr.weight", "score_fr"));
  EXPECT_TRUE(HasPrefix("score_fr.weight", "score_fr."));
  EXPECT_TRUE(HasPrefix("anything", ""));
  EXPECT_FALSE(HasPrefix("score_fr2.weight", "score_fr"));
  EXPECT_FALSE(HasPrefix("score", "score_fr"));
  EXPECT_FALSE(HasPrefix("my.score_fr", "score_fr"));
}

TEST(StateTest, ShapeTextAndCheck) {
  EXPECT_EQ(ShapeText({64, 3, 3, 3}), "(64, 3, 3, 3)");
  EXPECT_EQ(ShapeText({}), "()");
  EXPECT_NO_THROW(CheckShape(torch::zeros({2, 3, 5}), {2, 3, 5}, "here"));
  EXPECT_NO_THROW(CheckShape(torch::zeros({2, 3, 5}), {-1, 3, -1}, "here"));
  EXPECT_THROW(CheckShape(torch::zeros({2, 4, 5}), {-1, 3, -1}, "here"), Error);
  EXPECT_THROW(CheckShape(torch::zeros({2, 3}), {-1, 3, -1}, "here"), Error);
  EXPECT_THROW(CheckShape(at::Tensor(), {-1}, "here"), Error);
  try {
    CheckShape(torch::zeros({2, 4}), {-1, 3}, "here");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("here: expected shape (any, 3), found (2, 4)"));
  }
}

}  // namespace
}  // namespace seglab
