#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"
#include "experiment/resolve.h"
#include "experiment/test_resolve.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Sweep, SweepsOverAllCombinations) {
  const Experiment experiment = Resolve(R"({"model": {"name": "fcn32s", "backbone": "vgg16"},
                  "runs": [{"name": "A"}, {"name": "B", "init": "A"}],
                  "sweep": {"model.backbone": ["vgg11", {"name": "vgg13", "width": 0.5}], "seed": [1, 2]}})");
  EXPECT_THAT(Names(experiment),
              ElementsAre("A [backbone=vgg11, seed=1]", "B [backbone=vgg11, seed=1]",
                          "A [backbone=vgg11, seed=2]", "B [backbone=vgg11, seed=2]",
                          "A [backbone=vgg13, seed=1]", "B [backbone=vgg13, seed=1]",
                          "A [backbone=vgg13, seed=2]", "B [backbone=vgg13, seed=2]"));
  const RunSpec& run = Find(experiment, "B [backbone=vgg13, seed=2]");
  EXPECT_EQ(run.group, "B [backbone=vgg13]");
  EXPECT_EQ(run.init_run, "A [backbone=vgg13, seed=2]");
  EXPECT_EQ(run.config["seed"], 2);
  EXPECT_EQ(run.config["model"]["name"], "fcn32s");
  EXPECT_EQ(run.config["model"]["backbone"]["width"], 0.5);
}

TEST(Sweep, ASweepOverSeedsAloneIsOneGroup) {
  const Experiment experiment =
      Resolve(R"({"runs": [{"name": "A"}], "sweep": {"seed": [1, 2, 3]}})");
  EXPECT_THAT(Names(experiment), ElementsAre("A [seed=1]", "A [seed=2]", "A [seed=3]"));
  for (const RunSpec& run : experiment.runs) EXPECT_EQ(run.group, "A");
}

TEST(Sweep, SettingsOfWhatIsSweptAreErrors) {
  const std::string text =
      R"({"runs": [{"name": "A"}], "sweep": {"seed": [1, 2], "model.backbone": ["a"]}})";
  EXPECT_THAT(ResolveError(text, {"seed=7"}),
              AllOf(HasSubstr("--set seed=7"), HasSubstr("sweep.seed=[...]")));
  for (const char* setting : {"model.backbone.width=1", "model={}"})
    EXPECT_THAT(ResolveError(text, {setting}), HasSubstr("sweep.model.backbone")) << setting;
  EXPECT_THAT(Names(Resolve(text, {"sweep.seed=[5]", "model.name=b"})),
              ElementsAre("A [seed=5, backbone=a]"));
}

TEST(Sweep, SettingsOfUnknownVariantsAreErrors) {
  const std::string text =
      R"({"runs": [{"name": "A"}], "sweep": {"trunk": {"big": {"seed": 1}, "small": {"seed": 2}}}})";
  for (const char* setting : {"sweep.trunk.bigg=null", "sweep.trunk.bigg.seed=3"}) {
    EXPECT_THAT(ResolveError(text, {setting}), AllOf(HasSubstr("\"bigg\""), HasSubstr("\"big\"?")));
  }
  EXPECT_THAT(Names(Resolve(text, {"sweep.trunk.big=null"})), ElementsAre("A [small]"));
  EXPECT_THAT(Names(Resolve(text, {R"(sweep.trunk.new={"seed": 3})"})),
              ElementsAre("A [big]", "A [small]", "A [new]"));
}

TEST(Sweep, WrongSweepsAreErrors) {
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A"}], "sweep": {"seed": 3}})"),
              AllOf(HasSubstr("x.json: sweep.seed"), HasSubstr("list")));
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A"}], "sweep": {"seed": []}})"),
              HasSubstr("sweep.seed"));
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A"}], "sweep": {"title": ["a"]}})"),
              AllOf(HasSubstr("sweep.title"), HasSubstr("train")));
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A"}], "sweep": [1]})"), HasSubstr("\"sweep\""));
}

TEST(Sweep, RunsAreCounted) {
  Json values = Json::array();
  for (int i = 0; i < 100; ++i) values.push_back(i);
  Json root = {{"runs", {{{"name", "A"}}, {{"name", "B"}}}}, {"sweep", {{"seed", values}}}};
  EXPECT_EQ(Resolve(root.dump()).runs.size(), 200u);
  root["sweep"]["train.lr"] = values;
  root["sweep"]["train.batch"] = values;
  EXPECT_THAT(ResolveError(root.dump()),
              AllOf(HasSubstr("sweep.train.lr"), HasSubstr("20000 runs"), HasSubstr("1000")));
  root.erase("sweep");
  for (int i = 0; i < 1000; ++i) root["runs"].push_back({{"name", StrCat("R", i)}});
  EXPECT_THAT(ResolveError(root.dump()), HasSubstr("1002 runs"));
}

TEST(Sweep, StepsAreCounted) {
  std::string key = "model";
  for (int i = 0; i < 30'000; ++i) key += ".a";
  EXPECT_THAT(ResolveError(Json{{"runs", {{{"name", "A"}}}}, {"sweep", {{key, {1}}}}}.dump()),
              HasSubstr("more than 100 steps"));
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A"}]})", {key + "=1"}),
              HasSubstr("more than 100 steps"));
}

constexpr char kVariants[] = R"({
  "model": {"name": "fcn32s"}, "data": {"name": "voc", "train": {"split": "train"}},
  "train": {"lr": 0.1, "batch": 2},
  "runs": [{"name": "A"},
           {"name": "B", "init": "A", "model": {"name": "fcn16s"}, "train": {"lr": 0.01}}],
  "sweep": {
    "trunk": {
      "big": {"model": {"backbone": {"name": "vgg16", "width": 0.5}}, "train": {"lr": 0.2},
              "init": "big.pth"},
      "small": {"model": {"backbone": "alexnet"}, "train": {"batch": 8}, "seed": 5,
                "data": {"name": "shapes"}}},
    "eval.absent": ["one", "zero"]}})";

TEST(Sweep, VariantsStandBetweenTheDefaultsAndTheRun) {
  const Experiment experiment = Resolve(kVariants);
  EXPECT_THAT(Names(experiment),
              ElementsAre("A [big, absent=one]", "B [big, absent=one]", "A [big, absent=zero]",
                          "B [big, absent=zero]", "A [small, absent=one]", "B [small, absent=one]",
                          "A [small, absent=zero]", "B [small, absent=zero]"));
  const RunSpec& big = Find(experiment, "A [big, absent=one]");
  EXPECT_EQ(big.config,
            ParseJson(R"({"model": {"name": "fcn32s", "backbone": {"name": "vgg16", "width": 0.5}},
                          "data": {"name": "voc", "train": {"split": "train"}},
                          "train": {"lr": 0.2, "batch": 2}, "init": "big.pth",
                          "eval": {"absent": "one"}})",
                      "test"));
  EXPECT_EQ(big.init_run, "");
  // The run's own word is the last.
  const RunSpec& second = Find(experiment, "B [big, absent=zero]");
  EXPECT_EQ(second.config["init"], "A");
  EXPECT_EQ(second.init_run, "A [big, absent=zero]");
  EXPECT_EQ(second.config["train"], ParseJson(R"({"lr": 0.01, "batch": 2})", "test"));
  EXPECT_EQ(second.config["model"]["name"], "fcn16s");
  EXPECT_EQ(second.config["model"]["backbone"]["width"], 0.5);
  // A variant of another data set inherits nothing of the default's.
  const RunSpec& small = Find(experiment, "A [small, absent=one]");
  EXPECT_EQ(small.config["data"], ParseJson(R"({"name": "shapes"})", "test"));
  EXPECT_EQ(small.config["seed"], 5);
  EXPECT_FALSE(small.config.contains("init"));
}

TEST(Sweep, VariantsCanBeTakenAwayAndChanged) {
  const Experiment experiment =
      Resolve(kVariants, {"sweep.trunk.big=null", "sweep.trunk.small.train.batch=3"});
  EXPECT_THAT(Names(experiment), ElementsAre("A [small, absent=one]", "B [small, absent=one]",
                                             "A [small, absent=zero]", "B [small, absent=zero]"));
  EXPECT_EQ(experiment.runs[0].config["train"]["batch"], 3);
}

TEST(Sweep, SeedsOfAVariantShareARow) {
  const Experiment experiment = Resolve(
      R"({"runs": [{"name": "A"}], "sweep": {"trunk": {"x": {}, "y": {}}, "seed": [1, 2]}})");
  EXPECT_THAT(Names(experiment),
              ElementsAre("A [x, seed=1]", "A [x, seed=2]", "A [y, seed=1]", "A [y, seed=2]"));
  EXPECT_EQ(experiment.runs[1].group, "A [x]");
  EXPECT_EQ(experiment.runs[2].group, "A [y]");
}

TEST(Sweep, WrongVariantsAreErrors) {
  EXPECT_THAT(
      ResolveError(R"({"runs": [{"name": "A"}], "sweep": {"trunk": {"x": {"modle": {}}}}})"),
      AllOf(HasSubstr("sweep.trunk.x.modle"), HasSubstr("did you mean \"model\"?")));
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A"}], "sweep": {"trunk": {"x": 3}}})"),
              AllOf(HasSubstr("sweep.trunk.x"), HasSubstr("object")));
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A"}], "sweep": {"trunk": {}}})"),
              HasSubstr("sweep.trunk"));
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A"}], "sweep": {"model": {"x": {}}}})"),
              AllOf(HasSubstr("sweep.model"), HasSubstr("name of their own")));
}

TEST(Sweep, TwoRunsOfOneNameAreAnError) {
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A"}],
                               "sweep": {"model.backbone": [{"name": "vgg16", "width": 0.5},
                                                            {"name": "vgg16", "width": 1}]}})"),
              AllOf(HasSubstr("x.json"), HasSubstr("\"A [backbone=vgg16]\""),
                    HasSubstr("give its values names")));
}

TEST(Sweep, SettingsReachKeysWithDots) {
  const std::string text =
      R"({"runs": [{"name": "A"}], "sweep": {"seed": [1, 2], "model.backbone": ["a", "b"]}})";
  EXPECT_THAT(Names(Resolve(text, {"sweep.model.backbone=[\"c\"]", "sweep.seed.1=5"})),
              ElementsAre("A [seed=1, backbone=c]", "A [seed=5, backbone=c]"));
  EXPECT_THAT(Names(Resolve(text, {"sweep.model.backbone=null", "model.backbone=d"})),
              ElementsAre("A [seed=1]", "A [seed=2]"));
  // A key that is not swept yet.
  for (const char* none :
       {R"({"runs": [{"name": "A"}]})", R"({"runs": [{"name": "A"}], "sweep": null})"}) {
    EXPECT_THAT(Names(Resolve(none, {"sweep.train.loss.reduction=[\"sum\"]"})),
                ElementsAre("A [reduction=sum]"));
  }
}

TEST(Sweep, SettingsReachVariantsWithDots) {
  const std::string text =
      R"({"runs": [{"name": "A"}], "sweep": {"trunk": {"v1": {"seed": 1}, "v1.5": {"seed": 2}}}})";
  const Experiment experiment = Resolve(text, {"sweep.trunk.v1.5.train.lr=3"});
  EXPECT_EQ(Find(experiment, "A [v1.5]").config["train"]["lr"], 3);
  EXPECT_FALSE(Find(experiment, "A [v1]").config.contains("train"));
  EXPECT_THAT(Names(Resolve(text, {"sweep.trunk.v1.5=null"})), ElementsAre("A [v1]"));
}

TEST(Sweep, NamesWithTheirValuesMustBeFoldersToo) {
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A"}], "sweep": {"data.root": ["/a", "/b"]}})"),
              AllOf(HasSubstr("x.json: sweep"), HasSubstr("a name that can be a folder"),
                    HasSubstr("\"A [root=/a]\"")));
}

}  // namespace
}  // namespace seglab
