#include "experiment/resolve.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "experiment/catalogue.h"
#include "experiment/test_resolve.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kTwoRuns[] = R"({
  "title": "Two", "seed": 3,
  "model": {"name": "fcn32s", "backbone": "vgg16"},
  "data": {"name": "shapes", "height": 64},
  "train": {"lr": 0.1, "iterations": 10},
  "runs": [{"name": "A"},
           {"name": "B", "model": {"name": "fcn8s"}, "train": {"lr": 0.2, "batch": 4}, "init": "A"}]})";

TEST(ResolveExperiment, RunsInheritTheDefaults) {
  const Experiment experiment = Resolve(kTwoRuns);
  EXPECT_EQ(experiment.name, "x");
  EXPECT_EQ(experiment.title, "Two");
  EXPECT_THAT(experiment.columns, ElementsAre("pixel_acc", "mean_acc", "mean_iou", "fw_iou"));
  ASSERT_THAT(Names(experiment), ElementsAre("A", "B"));
  EXPECT_EQ(experiment.runs[0].config,
            ParseJson(R"({"seed": 3, "model": {"name": "fcn32s", "backbone": "vgg16"},
                          "data": {"name": "shapes", "height": 64},
                          "train": {"lr": 0.1, "iterations": 10}})",
                      "test"));
  EXPECT_EQ(experiment.runs[0].init_run, "");
  EXPECT_EQ(experiment.runs[1].config,
            ParseJson(R"({"seed": 3, "model": {"name": "fcn8s", "backbone": "vgg16"},
                          "data": {"name": "shapes", "height": 64},
                          "train": {"lr": 0.2, "iterations": 10, "batch": 4}, "init": "A"})",
                      "test"));
  EXPECT_EQ(experiment.runs[1].init_run, "A");
  EXPECT_EQ(experiment.runs[1].group, "B");
}

TEST(ResolveExperiment, AnotherDataSetInheritsNoOptions) {
  const Experiment experiment =
      Resolve(R"({"data": {"name": "shapes", "height": 64, "train": {"size": 5}},
                  "runs": [{"name": "A", "data": {"name": "shapes_classes", "side": 32}},
                           {"name": "B", "data": {"name": "shapes", "width": 32}},
                           {"name": "C", "data": {"width": 32}}]})");
  EXPECT_EQ(experiment.runs[0].config["data"],
            ParseJson(R"({"name": "shapes_classes", "side": 32})", "test"));
  const Json both =
      ParseJson(R"({"name": "shapes", "height": 64, "train": {"size": 5}, "width": 32})", "test");
  EXPECT_EQ(experiment.runs[1].config["data"], both);
  EXPECT_EQ(experiment.runs[2].config["data"], both);
}

TEST(ResolveExperiment, NullTakesADefaultBack) {
  const Experiment experiment =
      Resolve(R"({"train": {"lr": 0.1, "clip_norm": 1}, "eval": {"absent": "one"},
                  "runs": [{"name": "A", "train": {"clip_norm": null}, "eval": null}]})");
  EXPECT_EQ(experiment.runs[0].config, ParseJson(R"({"train": {"lr": 0.1}})", "test"));
}

TEST(ResolveExperiment, TakesThePapersFigures) {
  const Experiment experiment = Resolve(
      R"({"description": "why", "paper": {"ref": "Table 2", "columns": ["mean_iou", "pixel_acc"]},
          "runs": [{"name": "A", "paper": [59.4, 89.1]}, {"name": "B"}]})");
  EXPECT_EQ(experiment.paper_ref, "Table 2");
  EXPECT_EQ(experiment.description, "why");
  EXPECT_THAT(experiment.columns, ElementsAre("mean_iou", "pixel_acc"));
  EXPECT_THAT(experiment.runs[0].paper.at(""), ElementsAre(59.4, 89.1));
  EXPECT_THAT(experiment.runs[1].paper, IsEmpty());
  EXPECT_THAT(
      ResolveError(R"({"runs": [{"name": "A", "paper": [1, 2]}]})"),
      AllOf(HasSubstr("x.json: runs[0].paper"), HasSubstr("2 figures"), HasSubstr("4 columns")));
}

TEST(ResolveExperiment, ColumnsMayBeScoresThatNotAllEvaluationsMake) {
  const Experiment experiment =
      Resolve(R"({"paper": {"columns": ["mean_iou", "boundary_f1", "rand_error"]},
                  "runs": [{"name": "A", "paper": [59.4, 61.5, 2.1]}]})");
  EXPECT_THAT(experiment.columns, ElementsAre("mean_iou", "boundary_f1", "rand_error"));
  EXPECT_THAT(experiment.runs[0].paper.at(""), ElementsAre(59.4, 61.5, 2.1));
  EXPECT_THAT(ResolveError(R"({"paper": {"columns": ["boundary_f"]}, "runs": [{"name": "A"}]})"),
              AllOf(HasSubstr("columns"), HasSubstr("did you mean \"boundary_f1\"?")));
}

TEST(ResolveExperiment, SettingsOfRunsHoldInEveryRun) {
  const Experiment experiment = Resolve(kTwoRuns, {"train.lr=0.5", "seed=7", "model.backbone=vgg19",
                                                   "data.train.size=20", "eval.absent=zero"});
  for (const RunSpec& run : experiment.runs) {
    EXPECT_EQ(run.config["train"]["lr"], 0.5) << run.name;
    EXPECT_EQ(run.config["seed"], 7) << run.name;
    EXPECT_EQ(run.config["model"]["backbone"], "vgg19") << run.name;
    EXPECT_EQ(run.config["data"]["train"]["size"], 20) << run.name;
    EXPECT_EQ(run.config["eval"]["absent"], "zero") << run.name;
  }
  EXPECT_EQ(experiment.runs[1].config["train"]["batch"], 4);
}

TEST(ResolveExperiment, SettingsOfTheRootReachOneRun) {
  const Experiment experiment = Resolve(
      R"({"runs": [{"name": "FCN-32s"}, {"name": "FCN-8s", "train": {"lr": 3}},
                           {"name": "FCN-8s at once"}]})",
      {"runs.FCN-8s.train.lr=1", "runs.0.seed=5", "runs.FCN-8s at once.seed=6", "title=Other"});
  EXPECT_EQ(experiment.title, "Other");
  EXPECT_EQ(Find(experiment, "FCN-8s").config["train"]["lr"], 1);
  EXPECT_FALSE(Find(experiment, "FCN-32s").config.contains("train"));
  EXPECT_EQ(Find(experiment, "FCN-32s").config["seed"], 5);
  EXPECT_EQ(Find(experiment, "FCN-8s at once").config["seed"], 6);
  EXPECT_FALSE(Find(experiment, "FCN-8s").config.contains("seed"));
}

TEST(ResolveExperiment, SettingsOfOneRunWinOverThoseOfAll) {
  const std::string text = R"({"runs": [{"name": "A", "train": {"lr": 3}}, {"name": "B"}]})";
  const std::vector<std::string> both = {"runs.A.train.lr=1", "train.lr=2"};
  for (const auto& settings : {both, std::vector<std::string>(both.rbegin(), both.rend())}) {
    const Experiment experiment = Resolve(text, settings);
    EXPECT_EQ(Find(experiment, "A").config["train"]["lr"], 1);
    EXPECT_EQ(Find(experiment, "B").config["train"]["lr"], 2);
  }
}

TEST(ResolveExperiment, NullLeavesARunOut) {
  const std::string text = R"({"runs": [{"name": "A"}, {"name": "B"}, {"name": "B2"}]})";
  EXPECT_THAT(Names(Resolve(text, {"runs.B=null"})), ElementsAre("A", "B2"));
  EXPECT_THAT(Names(Resolve(text, {"runs.B=null", "runs.B2.seed=3"})), ElementsAre("A", "B2"));
  EXPECT_THAT(ResolveError(text, {"runs.C=null"}), HasSubstr("\"C\""));
}

TEST(ResolveExperiment, SettingsThatReachNothingAreErrors) {
  EXPECT_THAT(ResolveError(kTwoRuns, {"trian.lr=1"}),
              AllOf(HasSubstr("trian"), HasSubstr("did you mean \"train\"?")));
  EXPECT_THAT(ResolveError(kTwoRuns, {"runs.C.train.lr=1"}), HasSubstr("\"C\""));
  EXPECT_THAT(ResolveError(kTwoRuns, {"runs.7.seed=1"}), HasSubstr("\"7\""));
  EXPECT_THAT(ResolveError(kTwoRuns, {"train.lr"}), HasSubstr("=\""));
}

TEST(ResolveExperiment, WeightFilesLieInAFolderOfTheirOwn) {
  const std::string text = R"({"weights": "w",
      "runs": [{"name": "A", "init": "a.pth"}, {"name": "B", "init": "A"},
               {"name": "C", "init": {"from": "sub/c.pth", "skip": ["score_fr"]}},
               {"name": "D", "init": "/d.pth"}, {"name": "E"}]})";
  const auto inits = [](const Experiment& experiment) {
    std::vector<std::string> texts;
    for (const char* name : {"A", "B", "C", "D"}) {
      texts.push_back(Find(experiment, name).config["init"].dump());
    }
    return texts;
  };
  EXPECT_THAT(inits(Resolve(text)),
              ElementsAre("\"w/a.pth\"", "\"A\"", R"({"from":"w/sub/c.pth","skip":["score_fr"]})",
                          "\"/d.pth\""));
  EXPECT_THAT(inits(Resolve(text, {"weights=/my/weights"}))[0], "\"/my/weights/a.pth\"");
  EXPECT_THAT(inits(Resolve(text, {"weights=null"}))[0], "\"a.pth\"");
  EXPECT_EQ(Find(Resolve(text), "B").init_run, "A");
  EXPECT_THAT(ResolveError(R"({"weights": 3, "runs": [{"name": "A"}]})"), HasSubstr("weights"));
}

TEST(ResolveExperiment, SaysByWhatItsRunsAreCompared) {
  EXPECT_FALSE(Resolve(R"({"runs": [{"name": "A"}]})").compare.has_value());
  EXPECT_THAT(Resolve(R"({"compare": [], "runs": [{"name": "A"}]})").compare.value(), IsEmpty());
  EXPECT_THAT(Resolve(R"({"compare": ["parameters", "total_seconds"], "runs": [{"name": "A"}]})")
                  .compare.value(),
              ElementsAre("parameters", "total_seconds"));
  EXPECT_THAT(Resolve(R"({"compare": ["macs", "receptive_field"], "runs": [{"name": "A"}]})")
                  .compare.value(),
              ElementsAre("macs", "receptive_field"));
  EXPECT_THAT(ResolveError(R"({"compare": ["parameter"], "runs": [{"name": "A"}]})"),
              AllOf(HasSubstr("compare"), HasSubstr("did you mean \"parameters\"?")));
}

TEST(ResolveExperiment, ARunStandsBehindTheOneThatStartsIt) {
  const Experiment experiment =
      Resolve(R"({"runs": [{"name": "C", "init": {"from": "B", "skip": ["score_fr"]}},
                           {"name": "B", "init": "A"}, {"name": "D"}, {"name": "A"}]})");
  EXPECT_THAT(Names(experiment), ElementsAre("D", "A", "B", "C"));
  EXPECT_EQ(Find(experiment, "C").init_run, "B");
}

TEST(ResolveExperiment, AnInitThatNamesNoRunIsAFile) {
  const Experiment experiment = Resolve(
      R"({"runs": [{"name": "A", "init": "vgg16.safetensors"}, {"name": "B", "init": {"from": "x/y"}}]})");
  EXPECT_EQ(experiment.runs[0].init_run, "");
  EXPECT_EQ(experiment.runs[0].config["init"], "vgg16.safetensors");
  EXPECT_EQ(experiment.runs[1].init_run, "");
}

TEST(ResolveExperiment, CirclesAreErrors) {
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A", "init": "B"}, {"name": "B", "init": "A"}]})"),
              AllOf(HasSubstr("x.json"), HasSubstr("circle")));
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A", "init": "A"}]})"), HasSubstr("circle"));
}

TEST(ResolveExperiment, ADataRootIsForDataSetsThatNeedOne) {
  const Experiment experiment = Resolve(
      R"({"data": {"name": "voc", "root": "old"},
          "runs": [{"name": "A"}, {"name": "B", "data": {"name": "shapes", "root": null}},
                   {"name": "C", "data": {"name": "camvid"}}]})",
      {}, "/my/data");
  EXPECT_EQ(experiment.runs[0].config["data"]["root"], "/my/data");
  EXPECT_FALSE(experiment.runs[1].config["data"].contains("root"));
  EXPECT_EQ(experiment.runs[2].config["data"]["root"], "/my/data");
  EXPECT_EQ(Resolve(R"({"data": {"name": "voc", "root": "old"}, "runs": [{"name": "A"}]})")
                .runs[0]
                .config["data"]["root"],
            "old");
}

TEST(ResolveExperiment, ErrorsNameThePlace) {
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A"}, {"name": "B"}, {"name": "A"}]})"),
              AllOf(HasSubstr("x.json: "), HasSubstr("\"A\"")));
  EXPECT_THAT(ResolveError(R"({"titel": "a", "runs": [{"name": "A"}]})"),
              AllOf(HasSubstr("titel: "), HasSubstr("did you mean \"title\"?")));
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "A"}, {"name": "B", "trian": {}}]})"),
              AllOf(HasSubstr("runs[1].trian: "), HasSubstr("did you mean \"train\"?")));
  EXPECT_THAT(ResolveError(R"({"paper": {"reff": "a"}, "runs": [{"name": "A"}]})"),
              HasSubstr("paper.reff"));
  EXPECT_THAT(ResolveError(R"({"title": "a"})"), HasSubstr("runs"));
  EXPECT_THAT(ResolveError(R"({"runs": []})"), HasSubstr("at least one run"));
  EXPECT_THAT(ResolveError(R"({"runs": [3]})"), AllOf(HasSubstr("runs[0]"), HasSubstr("object")));
  EXPECT_THAT(ResolveError(R"({"runs": [{"seed": 1}]})"), HasSubstr("runs[0].name"));
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": 3}]})"),
              AllOf(HasSubstr("runs[0].name"), HasSubstr("string")));
  EXPECT_THAT(ResolveError(R"({"runs": [{"name": "a/b"}]})"),
              AllOf(HasSubstr("runs[0].name"), HasSubstr("a/b")));
  // Whoever reads the data set complains; here it must only not be taken for a name.
  ErrorOf([] { Resolve(R"({"data": {"name": 3}, "runs": [{"name": "A"}]})", {}, "/root"); });
}

TEST(LoadExperiment, MergesFilesOverTheirBases) {
  const TestFolder folder;
  const std::string room = folder.File("experiments/table2");
  MakeFolders(room);
  MakeFolders(folder.File("experiments/common"));
  WriteFileAtomically(
      folder.File("experiments/common/base.json"),
      std::string_view(R"({"title": "Base", "seed": 2, "train": {"lr": 0.1, "batch": 2}})"));
  WriteFileAtomically(JoinPath(room, "shapes.json"),
                      std::string_view(R"({"base": "../common/base.json", "title": "Own",
                                           "train": {"batch": 8}, "runs": [{"name": "A"}]})"));
  const Experiment experiment = LoadExperiment(JoinPath(room, "shapes.json"), {}, "");
  EXPECT_EQ(experiment.name, "table2-shapes");
  EXPECT_EQ(experiment.title, "Own");
  EXPECT_EQ(experiment.runs.at(0).config,
            ParseJson(R"({"seed": 2, "train": {"lr": 0.1, "batch": 8}})", "test"));

  WriteFileAtomically(folder.File("mine.json"), std::string_view(R"({"runs": [{"name": "A"}]})"));
  EXPECT_EQ(LoadExperiment(folder.File("mine.json"), {}, "").name, "mine");
  EXPECT_EQ(LoadExperiment(folder.File("mine.json"), {"name=other"}, "").name, "other");
}

/// The variable has `value` while this object lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    const char* old = ::getenv(name);
    if (old != nullptr) old_ = old;
    had_ = old != nullptr;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (had_) {
      ::setenv(name_, old_.c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::string old_;
  bool had_ = false;
};

TEST(FindExperiment, KnowsFilesAndNames) {
  const TestFolder folder;
  const Variable variable("SEGLAB_EXPERIMENTS", folder.path());
  EXPECT_EQ(ExperimentsFolder(), folder.path());
  for (const char* name : {"table2", "backbones", "common"}) MakeFolders(folder.File(name));
  for (const char* name : {"quick.json", "table2/shapes.json", "table2/camvid.json",
                           "backbones/one.json", "common/voc.json"}) {
    WriteFileAtomically(folder.File(name), std::string_view("{}"));
  }
  EXPECT_EQ(FindExperiment("quick"), folder.File("quick.json"));
  EXPECT_EQ(FindExperiment("table2"), folder.File("table2/shapes.json"));
  EXPECT_EQ(FindExperiment("table2/camvid"), folder.File("table2/camvid.json"));
  EXPECT_EQ(FindExperiment("backbones"), folder.File("backbones/one.json"));
  EXPECT_EQ(FindExperiment(folder.File("common/voc.json")), folder.File("common/voc.json"));

  const std::string error = ErrorOf([] { FindExperiment("tabel2"); });
  EXPECT_THAT(error, AllOf(HasSubstr("\"tabel2\""), HasSubstr("did you mean \"table2\"?"),
                           HasSubstr("backbones"), HasSubstr("quick"), Not(HasSubstr("common"))));
  EXPECT_THAT(ErrorOf([] { FindExperiment(""); }), HasSubstr("table2"));
  EXPECT_THAT(ExperimentNames(), ElementsAre("backbones/one", "quick", "table2", "table2/camvid"));

  // Which of several files a folder means is for the user to say, wherever it lies.
  WriteFileAtomically(folder.File("backbones/two.json"), std::string_view("{}"));
  EXPECT_THAT(ErrorOf([] { FindExperiment("backbones"); }), HasSubstr("backbones/two"));
  EXPECT_THAT(ErrorOf([&] { FindExperiment(folder.path()); }), HasSubstr("quick"));
}

TEST(FindExperiment, SaysSoWhenThereAreNone) {
  const TestFolder folder;
  const Variable variable("SEGLAB_EXPERIMENTS", folder.File("nowhere"));
  EXPECT_THAT(ErrorOf([] { FindExperiment("table2"); }), HasSubstr("\"table2\""));
}

TEST(ResolveExperiment, NamesThatCannotBeFoldersAreErrors) {
  for (const char* name : {"", ".", "..", "a/b", "result.json", "report.html"}) {
    const Json runs = Json::array({{{"name", name}}});
    EXPECT_THAT(ErrorOf([&] {
                  ResolveExperiment({{"runs", runs}}, "x.json", "x", {}, "");
                }),
                HasSubstr("runs[0].name: must be a name that can be a folder"))
        << name;
    const Json named = {{"name", name}, {"runs", Json::array({{{"name", "A"}}})}};
    EXPECT_THAT(ErrorOf([&] { ResolveExperiment(named, "x.json", "x", {}, ""); }),
                HasSubstr("x.json.name: must be a name that can be a folder"))
        << name;
  }
  const Json runs = Json::array({{{"name", std::string(201, 'a')}}});
  EXPECT_THAT(ErrorOf([&] {
                ResolveExperiment({{"runs", runs}}, "x.json", "x", {}, "");
              }),
              HasSubstr("at most 200 bytes"));
}

TEST(ResolveExperiment, ThePapersFiguresMayBeOfNamedEvaluations) {
  Json run = {{"name", "A"}, {"paper", {{"crf", {60, 70}}}}};
  Json root = {{"paper", {{"columns", {"mean_iou", "pixel_acc"}}}},
               {"eval", {{"plain", Json::object()}, {"crf", Json::object()}}},
               {"runs", Json::array({run})}};
  const Experiment experiment = ResolveExperiment(root, "x.json", "x", {}, "");
  EXPECT_THAT(experiment.runs[0].paper.at("crf"), ElementsAre(60, 70));
  EXPECT_EQ(experiment.runs[0].paper.count("plain"), 0u);
  root["runs"][0]["paper"] = {{"crd", {60, 70}}};
  EXPECT_THAT(ErrorOf([&] { ResolveExperiment(root, "x.json", "x", {}, ""); }),
              HasSubstr("runs[0].paper: unknown evaluation \"crd\""));
}

TEST(ResolveExperiment, SettingsReachRunsWithDotsInTheirNames) {
  const std::string text = R"({"runs": [{"name": "A"}, {"name": "A.b"}, {"name": "lr=0.1"}]})";
  for (const auto& [setting, run] : std::vector<std::pair<std::string, std::string>>{
           {"runs.A.b.seed=5", "A.b"}, {"runs.A.seed=5", "A"}, {"runs.lr=0.1.seed=5", "lr=0.1"}}) {
    const Experiment experiment = Resolve(text, {setting});
    for (const RunSpec& spec : experiment.runs)
      EXPECT_EQ(spec.config.contains("seed"), spec.name == run) << setting << ", " << spec.name;
  }
  EXPECT_THAT(Names(Resolve(text, {"runs.A.b=null"})), ElementsAre("A", "lr=0.1"));
  EXPECT_THAT(ResolveError(text, {"runs.A"}), HasSubstr("has no \"=\""));
  EXPECT_THAT(ResolveError(text, {"runs.A.seed.x.y=1", "runs.A.seed=1", "runs.A.seed.x=1"}),
              HasSubstr("--set runs.A.seed.x=1: "));
  for (const char* root : {"[]", "3", "null"})
    EXPECT_THAT(ResolveError(root, {"sweep.a.b.c={}"}), Not(IsEmpty())) << root;
}

std::vector<std::string> EvalsOf(const Experiment& experiment) {
  std::vector<std::string> texts;
  for (const RunSpec& run : experiment.runs)
    texts.push_back(run.config.value("eval", Json()).dump());
  return texts;
}

TEST(ResolveExperiment, EvaluationsOfARunAreMergedByName) {
  EXPECT_THAT(EvalsOf(Resolve(R"({"eval": {"a": {"absent": "one"}, "b": {}},
                  "runs": [{"name": "A"}, {"name": "B", "eval": {"a": {"precision": "bfloat16"}, "c": {}}},
                           {"name": "C", "eval": {"b": null}}, {"name": "D", "eval": null},
                           {"name": "E", "eval": {"absent": "zero"}}]})")),
              ElementsAre(R"({"a":{"absent":"one"},"b":{}})",
                          R"({"a":{"absent":"one","precision":"bfloat16"},"b":{},"c":{}})",
                          R"({"a":{"absent":"one"}})", "null",
                          R"({"a":{"absent":"zero"},"b":{"absent":"zero"}})"));
  // Options of all are those of each that a run names.
  EXPECT_THAT(EvalsOf(Resolve(R"({"eval": {"absent": "one", "data": {"limit": 5}},
                  "runs": [{"name": "A", "eval": {"a": {}, "b": {"absent": "zero", "data": null}}}]})")),
              ElementsAre(R"({"a":{"absent":"one","data":{"limit":5}},"b":{"absent":"zero"}})"));
}

TEST(ResolveExperiment, SettingsOfEvaluationsReachEachOrOne) {
  const std::string text =
      R"({"eval": {"a": {"absent": "one"}, "crf": {}}, "runs": [{"name": "A"}]})";
  const auto with = [&text](const char* setting) {
    return EvalsOf(Resolve(text, {setting})).front();
  };
  EXPECT_EQ(with("eval.absent=zero"), R"({"a":{"absent":"zero"},"crf":{"absent":"zero"}})");
  EXPECT_EQ(with("eval.absent=null"), R"({"a":{},"crf":{}})");
  EXPECT_EQ(with("runs.A.eval.data.limit=3"),
            R"({"a":{"absent":"one","data":{"limit":3}},"crf":{"data":{"limit":3}}})");
  EXPECT_EQ(with("eval.crf.absent=zero"), R"({"a":{"absent":"one"},"crf":{"absent":"zero"}})");
  EXPECT_EQ(with("eval.crf=null"), R"({"a":{"absent":"one"}})");
  EXPECT_EQ(with("eval.more={}"), R"({"a":{"absent":"one"},"crf":{},"more":{}})");
  EXPECT_EQ(with("sweep.eval.absent=[\"nan\"]"),
            R"({"a":{"absent":"nan"},"crf":{"absent":"nan"}})");
  EXPECT_THAT(ResolveError(text, {"eval.absnt=zero"}), HasSubstr("absnt"));
}

}  // namespace
}  // namespace seglab
