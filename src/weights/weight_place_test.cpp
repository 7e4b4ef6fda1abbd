#include "weights/weight_place.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <set>
#include <string>
#include <vector>

#include "base/test_error.h"
#include "base/test_log.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using NameList = std::vector<std::string>;

/// A file of tensors under these names. Of those that begin with "!", what stands behind it cannot
/// be read.
TensorFile PlacedFile(const NameList& names, const std::string& key = "") {
  TensorFile file;
  file.key = key;
  for (const std::string& name : names) {
    if (name.starts_with('!')) {
      file.unread[name.substr(1)] = "is of the type \"Odd\"";
    } else {
      file.tensors.emplace_back(name, torch::zeros({1}));
    }
  }
  return file;
}

/// The names of the weights "a", "b.c" and "b.d" behind a prefix.
NameList Weights(const std::string& prefix) {
  return {prefix + "a", prefix + "b.c", prefix + "b.d"};
}

NameList operator+(NameList a, const NameList& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

bool FitsWeights(const NamedTensors& tensors) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : tensors) names.insert(name);
  return names == std::set<std::string>{"a", "b.c", "b.d"};
}

NameList NamesIn(const TensorFile& file) {
  NameList names;
  for (const auto& [name, tensor] : file.tensors) names.push_back(name);
  return names;
}

/// The prefix of the place that fits, "none" where none does; "*" behind it where wrappers are
/// taken out too.
std::string Fitting(const TensorFile& file, const std::string& key = "") {
  const auto place = FittingPlace(file, key, FitsWeights, "x.pth");
  return place ? place->prefix + (place->unwrapped ? "*" : "") : "none";
}

TEST(WeightPlace, AnyOneKeyOrPrefixIsFound) {
  for (const char* prefix :
       {"model_state.", "state_dict_ema.", "whatever.", "model.", "_orig_mod.", "module.",
        "state_dict.module.", "model._orig_mod.module.", "module.model.", "a.b.c.d."}) {
    TensorFile file =
        PlacedFile(Weights(prefix) + NameList{"optimizer.0.m", "optimizer.1.m", "step"});
    TakeFitting(file, "", FitsWeights, "x.pth");
    EXPECT_EQ(NamesIn(file), Weights("")) << prefix;
  }
  TensorFile plain = PlacedFile(Weights(""));
  EXPECT_EQ(LogOf([&] { TakeFitting(plain, "", FitsWeights, "x.pth"); }), "");
  EXPECT_EQ(NamesIn(plain), Weights(""));
  EXPECT_EQ(Fitting(PlacedFile({"x.a", "y.b.c", "y.b.d"})), "none") << "two parts";
  EXPECT_EQ(Fitting(PlacedFile({"x.a", "x.b.c"})), "none") << "one is missing";
  EXPECT_EQ(Fitting(PlacedFile(Weights("x.") + NameList{"x.more"})), "none") << "one too many";
}

TEST(WeightPlace, WrappersWithinNamesAreTakenOut) {
  EXPECT_EQ(Fitting(PlacedFile({"a", "b.module.c", "b.module.d"})), "*");
  EXPECT_EQ(Fitting(PlacedFile({"net.a", "net.b._orig_mod.c", "net.b._orig_mod.d", "n"})), "net.*");
  EXPECT_EQ(Fitting(PlacedFile({"a", "b.c", "b.module.c", "b.d"})), "none") << "a name twice";
  TensorFile file = PlacedFile({"a", "b.module.c", "b.module.d"});
  EXPECT_THAT(LogOf([&] { TakeFitting(file, "", FitsWeights, "x.pth"); }),
              HasSubstr("\"module.\" and the like are taken out"));
  EXPECT_EQ(NamesIn(file), Weights(""));
}

TEST(WeightPlace, MovingAveragesAreTakenByChoice) {
  for (const char* average : {"model_ema", "ema", "state_dict_ema", "ema_state_dict", "modelEMA",
                              "swa_model", "averaged_model"}) {
    const TensorFile file = PlacedFile(Weights(std::string(average) + ".") + Weights("zoo."));
    EXPECT_EQ(Fitting(file), "zoo.") << average;
    EXPECT_EQ(Fitting(file, average), std::string(average) + ".");
    EXPECT_THAT(FittingPlace(file, "", FitsWeights, "x")->others, ElementsAre(average));
    EXPECT_EQ(Fitting(PlacedFile(Weights(std::string(average) + "."))), std::string(average) + ".");
  }
  EXPECT_EQ(Fitting(PlacedFile(Weights("schema.") + Weights("model_ema."))), "schema.");
  TensorFile file = PlacedFile(Weights("model.") + Weights("model_ema."));
  EXPECT_THAT(LogOf([&] { TakeFitting(file, "", FitsWeights, "x.pth"); }),
              AllOf(HasSubstr("x.pth: \"model.\" is taken off"), HasSubstr("3 tensors"),
                    HasSubstr("\"model_ema\""), HasSubstr("--key")));
}

TEST(WeightPlace, OfSeveralTheUsualOne) {
  EXPECT_EQ(Fitting(PlacedFile(Weights("best.") + Weights("model."))), "model.");
  EXPECT_EQ(Fitting(PlacedFile(Weights("model.") + Weights("state_dict."))), "state_dict.");
  EXPECT_EQ(Fitting(PlacedFile(Weights("model.") + Weights("zoo."), "zoo")), "zoo.");
  TensorFile file = PlacedFile(Weights("student.") + Weights("teacher."));
  EXPECT_THAT(ErrorOf([&] { TakeFitting(file, "", FitsWeights, "x.pth"); }),
              AllOf(HasSubstr("x.pth: "), HasSubstr("\"student\""), HasSubstr("\"teacher\""),
                    HasSubstr("--key student")));
  TakeFitting(file, "teacher", FitsWeights, "x.pth");
  EXPECT_EQ(NamesIn(file), Weights(""));
}

TEST(WeightPlace, UnknownKeysAreErrors) {
  const TensorFile file = PlacedFile(Weights("model.") + Weights("model_ema."));
  EXPECT_THAT(ErrorOf([&] { FittingPlace(file, "model_emo", FitsWeights, "x.pth"); }),
              AllOf(HasSubstr("x.pth: unknown key \"model_emo\""), HasSubstr("\"model_ema\"?")));
  EXPECT_THAT(ErrorOf([&] { UsualPlace(file, "mode", "x.pth"); }), HasSubstr("unknown key"));
}

TEST(WeightPlace, TheUsualPlaceIsThatOfTheStructure) {
  EXPECT_EQ(UsualPlace(PlacedFile({"a", "b"}), "", "x").prefix, "");
  EXPECT_EQ(UsualPlace(PlacedFile({"module.a", "module.b.c"}), "", "x").prefix, "module.");
  EXPECT_EQ(UsualPlace(PlacedFile({"module.a", "b"}), "", "x").prefix, "");
  EXPECT_EQ(UsualPlace(PlacedFile({"module.a", "modules.b"}), "", "x").prefix, "");
  const TensorFile file =
      PlacedFile({"net._orig_mod.module.a", "net._orig_mod.module.b", "m"}, "net");
  const WeightPlace place = UsualPlace(file, "", "x");
  EXPECT_EQ(place.prefix, "net._orig_mod.module.");
  EXPECT_EQ(place.beside, 1u);
}

TEST(WeightPlace, WhatCannotBeReadIsAnErrorOnlyAmongTheWeights) {
  TensorFile file = PlacedFile({"net.a", "net.b.c", "!net.b.d", "m"});
  EXPECT_EQ(Fitting(file), "net.");
  EXPECT_THAT(ErrorOf([&] { TakeFitting(file, "", FitsWeights, "x.pth"); }),
              AllOf(HasSubstr("x.pth: \"b.d\" is of the type \"Odd\""), HasSubstr("Python")));
  TensorFile beside = PlacedFile(Weights("net.") + NameList{"!spectrum", "!more.x"});
  TakeFitting(beside, "", FitsWeights, "x.pth");
  EXPECT_EQ(NamesIn(beside), Weights(""));
  EXPECT_TRUE(beside.unread.empty());
}

// Names of a hostile file: no quadratic work.
TEST(WeightPlace, ManyDeepNamesTakeNoTime) {
  NameList names;
  for (int i = 0; i < 20'000; ++i) {
    std::string name;
    for (int j = 0; j < 100; ++j) name += StrCat(j % 7 == 0 ? i : j, ".");
    names.push_back(name + "w");
  }
  EXPECT_EQ(Fitting(PlacedFile(names)), "none");
  EXPECT_LE(PossiblePlaces(PlacedFile(names), "", "x").size(), 65u);
}

}  // namespace
}  // namespace seglab
