#include "experiment/runner.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/folder_lock.h"
#include "base/test_error.h"
#include "base/test_folder.h"
#include "data/masks.h"
#include "experiment/environment.h"
#include "experiment/resolve.h"
#include "tensor/tensor_file.h"
#include "weights/load.h"

namespace seglab {
namespace {

namespace fs = std::filesystem;

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A classifier and an FCN that starts from it, on pictures of 32 x 32.
constexpr char kTiny[] = R"({
  "title": "Tiny", "seed": 2,
  "paper": {"ref": "A paper", "columns": ["pixel_acc", "mean_iou"]},
  "data": {"name": "shapes", "height": 32, "width": 32, "transforms": [{"name": "flip"}],
           "train": {"split": "train", "size": 6}, "val": {"split": "val", "size": 3}},
  "train": {"iterations": 4, "batch": 2, "lr": 0.01, "threads": 1, "log_every": 2, "eval_every": 0},
  "runs": [
    {"name": "FCN-32s", "init": "pre-training", "paper": [89.1, 59.4],
     "model": {"name": "fcn32s", "backbone": {"name": "vgg11", "width": 0.0625, "fc6_kernel": 3}}},
    {"name": "pre-training",
     "model": {"name": "classifier", "backbone": {"name": "vgg11", "width": 0.0625, "fc6_kernel": 3}},
     "data": {"name": "shapes_classes", "side": 32, "transforms": [{"name": "flip"}],
              "train": {"split": "train", "size": 6}, "val": {"split": "val", "size": 3}}}]})";

Experiment Tiny(const std::vector<std::string>& settings = {}) {
  return ResolveExperiment(ParseJson(kTiny, "tiny.json"), "tiny.json", "tiny", settings, "");
}

std::vector<PlannedRun> Plan(const Experiment& experiment, const std::string& folder) {
  ContentHashes hashes;
  return MakePlan(experiment, folder, hashes);
}

RunnerOptions Options(const std::string& out) {
  RunnerOptions options;
  options.out = out;
  options.device = "cpu";
  options.pictures = 2;
  options.command = "seglab run tiny";
  return options;
}

/// Every file below a folder with the time it was written.
std::map<std::string, fs::file_time_type> Files(const std::string& folder) {
  std::map<std::string, fs::file_time_type> files;
  if (!FolderExists(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    files[fs::relative(entry.path(), folder).string()] = entry.last_write_time();
  }
  return files;
}

TEST(RunExperiment, ADryRunWritesNothing) {
  const TestFolder folder;
  RunnerOptions options = Options(folder.File("runs"));
  options.dry_run = true;
  EXPECT_TRUE(RunExperiment(Tiny(), options).runs.empty());
  EXPECT_FALSE(FolderExists(folder.File("runs")));
}

TEST(RunExperiment, RunsOnOtherImagesHavePicturesOfTheirOwn) {
  const TestFolder folder;
  Json experiment = ParseJson(kTiny, "tiny.json");
  experiment["sweep"] = {{"data.height", {32, 48}}};
  experiment["runs"].erase(1);
  experiment["runs"][0].erase("init");
  RunExperiment(ResolveExperiment(experiment, "tiny.json", "tiny", {}, ""), Options(folder.path()));
  std::set<int> heights;
  for (const auto& entry : fs::directory_iterator(folder.File("tiny/pictures"))) {
    if (entry.path().extension() == ".png") heights.insert(ReadMask(entry.path().string()).rows);
  }
  EXPECT_THAT(heights, ElementsAre(32, 48));
  const std::string report = ReadFile(folder.File("tiny/report.html"));
  size_t tables = 0;
  for (size_t at = 0; (at = report.find("<table class=\"pictures\">", at)) != std::string::npos;
       ++at)
    ++tables;
  EXPECT_EQ(tables, 2u);
}

TEST(RunExperiment, ADryRunFindsMistakes) {
  const TestFolder folder;
  RunnerOptions options = Options(folder.File("runs"));
  options.dry_run = true;
  EXPECT_THAT(ErrorOf([&] { RunExperiment(Tiny({"train.lrr=1"}), options); }), HasSubstr("lrr"));
}

TEST(RunExperiment, WeightsThatWillNotFitAreSaidBeforeTheFirstRunBegins) {
  const TestFolder folder;
  const std::string error = ErrorOf([&] {
    RunExperiment(Tiny({"runs.FCN-32s.model.backbone.name=vgg13"}), Options(folder.path()));
  });
  EXPECT_THAT(error, AllOf(HasSubstr("FCN-32s.init (pre-training)"), HasSubstr("missing")));
  EXPECT_FALSE(FolderExists(folder.File("tiny/pre-training")));
}

TEST(RunExperiment, TheReportSaysWhereTheRunsWereMade) {
  const TestFolder folder;
  RunExperiment(Tiny(), Options(folder.path()));
  const std::string path = folder.File("tiny/pre-training/environment.json");
  Json environment = ParseJson(ReadFile(path), path);
  environment["device"] = "another device";
  WriteFileAtomically(path, std::string_view(environment.dump()));
  const ExperimentResult again = RunExperiment(Tiny(), Options(folder.path()));
  EXPECT_EQ(again.environment["device"], "another device, cpu");
  EXPECT_EQ(again.environment["revision"], environment["revision"]);
}

TEST(RunExperiment, RunsFromEndToEndAndNothingTwice) {
  const TestFolder folder;
  const RunnerOptions options = Options(folder.path());
  const ExperimentResult first = RunExperiment(Tiny(), options);

  // Everything is where it is said to be.
  const auto files = Files(folder.File("tiny"));
  for (const std::string run : {"pre-training", "FCN-32s"}) {
    for (const char* name :
         {"hash.txt", "determinants.json", "config.json", "images.jsonl", "environment.json",
          "log.txt", "metrics.jsonl", "last.safetensors", "result.json"}) {
      EXPECT_EQ(files.count(run + "/" + name), 1u) << run << "/" << name;
    }
  }
  for (const char* name : {"result.json", "table.md", "table.csv", "table.tex", "report.html",
                           "images.csv", "FCN-32s/pictures/kept.json"}) {
    EXPECT_EQ(files.count(name), 1u) << name;
  }
  for (const auto& [name, time] : files) EXPECT_THAT(name, Not(HasSubstr(".tmp")));
  const cv::Mat mask = ReadMask(folder.File("tiny/FCN-32s/pictures/0.png"));
  EXPECT_EQ(mask.rows, 32);
  EXPECT_EQ(mask.cols, 32);

  // The result holds both runs, the start first.
  ASSERT_EQ(first.runs.size(), 2u);
  EXPECT_EQ(first.runs[0].name, "pre-training");
  EXPECT_EQ(first.runs[0].task, Task::kClassification);
  EXPECT_EQ(first.runs[1].name, "FCN-32s");
  EXPECT_EQ(first.runs[1].task, Task::kSegmentation);
  EXPECT_EQ(first.runs[1].iterations, 4);
  EXPECT_EQ(first.runs[1].seed, 2u);
  EXPECT_THAT(first.runs[1].paper, ElementsAre(89.1, 59.4));
  EXPECT_EQ(first.runs[1].metrics["images"], 3);
  EXPECT_EQ(first.runs[0].macs, 0) << "of segmentation networks alone";
  EXPECT_TRUE(std::isnan(first.runs[0].receptive_field));
  EXPECT_GT(first.runs[1].macs, 0);
  EXPECT_GT(first.runs[1].receptive_field, 32);
  EXPECT_EQ(first.runs[0].total_seconds, first.runs[0].train_seconds);
  EXPECT_EQ(first.runs[1].total_seconds, first.runs[1].train_seconds + first.runs[0].train_seconds);
  EXPECT_EQ(first.labels.size(), 11);
  EXPECT_EQ(first.folder, folder.File("tiny"));

  // The second run did start from the first.
  const LoadedModel model = LoadModelFile(folder.File("tiny/FCN-32s"));
  EXPECT_EQ(model.labels.size(), 11);
  int64_t parameters = 0;
  for (const at::Tensor& parameter : model.model->parameters()) parameters += parameter.numel();
  EXPECT_EQ(first.runs[1].parameters, parameters);

  // Once more: only the reports are written again.
  const ExperimentResult second = RunExperiment(Tiny(), options);
  const auto again = Files(folder.File("tiny"));
  EXPECT_EQ(again.size(), files.size());
  for (const auto& [name, time] : files) {
    if (name.find('/') == std::string::npos) continue;
    ASSERT_EQ(again.count(name), 1u) << name;
    EXPECT_EQ(again.at(name), time) << name;
  }
  ASSERT_EQ(second.runs.size(), 2u);
  EXPECT_EQ(second.runs[1].metrics, first.runs[1].metrics);
  EXPECT_EQ(second.runs[1].train_seconds, first.runs[1].train_seconds);

  // Settings that change no result redo nothing; others get a folder of their own.
  const std::vector<PlannedRun> neutral =
      Plan(Tiny({"train.threads=0", "train.log_every=1"}), folder.File("tiny"));
  for (const PlannedRun& run : neutral)
    EXPECT_EQ(run.status, RunStatus::kFinished) << run.spec.name;
  const std::string other = "runs.FCN-32s.train.lr=0.02";
  const std::vector<PlannedRun> plan = Plan(Tiny({other}), folder.File("tiny"));
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[0].status, RunStatus::kFinished);
  EXPECT_EQ(plan[1].status, RunStatus::kNew);
  EXPECT_EQ(plan[1].folder, folder.File("tiny/FCN-32s@" + plan[1].identity.hash.substr(0, 8)));

  const ExperimentResult changed = RunExperiment(Tiny({other}), options);
  ASSERT_EQ(changed.runs.size(), 2u);
  EXPECT_EQ(changed.runs[1].folder, plan[1].folder);
  const auto both = Files(folder.File("tiny"));
  for (const auto& [name, time] : files) {
    if (name.rfind("FCN-32s/", 0) != 0 && name.rfind("pre-training/", 0) != 0) continue;
    EXPECT_EQ(both.at(name), time) << name;
  }
  const auto weights = [](const std::string& run) {
    return ReadSafetensors(JoinPath(run, "last.safetensors")).Find("backbone.fc7.weight")->clone();
  };
  EXPECT_FALSE(at::equal(weights(folder.File("tiny/FCN-32s")), weights(plan[1].folder)));
}

TEST(RunExperiment, AChangedStartChangesWhatStartsFromIt) {
  const TestFolder folder;
  const std::vector<PlannedRun> plan = Plan(Tiny(), folder.path());
  const std::vector<PlannedRun> changed =
      Plan(Tiny({"runs.pre-training.train.lr=0.5"}), folder.path());
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[1].spec.name, "FCN-32s");
  EXPECT_NE(plan[0].identity.hash, changed[0].identity.hash);
  EXPECT_EQ(plan[1].spec.config, changed[1].spec.config);
  EXPECT_NE(plan[1].identity.hash, changed[1].identity.hash);
}

TEST(RunExperiment, StartsFromTheWeightsOfTheRunThatStartsIt) {
  const TestFolder folder;
  // A rate of 0 keeps the weights as they came.
  RunExperiment(Tiny({"runs.FCN-32s.train.lr=0"}), Options(folder.path()));
  const TensorFile from = ReadSafetensors(folder.File("tiny/pre-training/last.safetensors"));
  const TensorFile to = ReadSafetensors(folder.File("tiny/FCN-32s/last.safetensors"));
  EXPECT_TRUE(at::equal(*from.Find("features.0.weight"), *to.Find("backbone.features.0.weight")));
  EXPECT_TRUE(at::equal(*from.Find("classifier.3.bias"), *to.Find("backbone.fc7.bias")));
}

TEST(RunExperiment, WithoutIterationsARunIsOnlyEvaluated) {
  const TestFolder folder;
  const ExperimentResult result =
      RunExperiment(Tiny({"train.iterations=0"}), Options(folder.path()));
  ASSERT_EQ(result.runs.size(), 2u);
  EXPECT_EQ(result.runs[1].iterations, 0);
  EXPECT_EQ(result.runs[1].metrics["images"], 3);
}

TEST(RunExperiment, MistakesAreFoundBeforeTheFirstRunBegins) {
  const TestFolder folder;
  for (const char* setting :
       {"runs.FCN-32s.train.lrr=1", "runs.FCN-32s.model.name=fcn33s",
        "runs.FCN-32s.data.val.split=vall", "runs.FCN-32s.eval.absent=onion"}) {
    const std::string error =
        ErrorOf([&] { RunExperiment(Tiny({setting}), Options(folder.path())); });
    EXPECT_THAT(error, AllOf(HasSubstr("FCN-32s"), Not(HasSubstr("\n")))) << setting;
    EXPECT_FALSE(FileExists(folder.File("tiny/pre-training/last.safetensors"))) << setting;
  }
}

TEST(RunExperiment, AMissingWeightFileIsSaidBeforeTheFirstRunBegins) {
  const TestFolder folder;
  const std::string error = ErrorOf([&] {
    RunExperiment(Tiny({"runs.FCN-32s.init=vgg11.pth", "weights=" + folder.File("weights")}),
                  Options(folder.path()));
  });
  EXPECT_THAT(error, AllOf(HasSubstr("FCN-32s.init"), HasSubstr(folder.File("weights/vgg11.pth")),
                           HasSubstr("--set weights=DIR"), Not(HasSubstr("\n"))));
  EXPECT_FALSE(FolderExists(folder.File("tiny")));
}

TEST(RunExperiment, TheFolderOfTheWeightsMayBeSaidOnce) {
  const TestFolder folder;
  RunExperiment(Tiny({"train.iterations=0"}), Options(folder.path()));
  fs::copy_file(folder.File("tiny/pre-training/last.safetensors"),
                folder.File("vgg11.safetensors"));
  const ExperimentResult result =
      RunExperiment(Tiny({"runs.FCN-32s.init=vgg11.safetensors", "weights=" + folder.path(),
                          "train.iterations=0", "name=other"}),
                    Options(folder.path()));
  ASSERT_EQ(result.runs.size(), 2u);
  const TensorFile from = ReadSafetensors(folder.File("vgg11.safetensors"));
  const TensorFile to = ReadSafetensors(JoinPath(
      result.runs[0].task == Task::kClassification ? result.runs[1].folder : result.runs[0].folder,
      "last.safetensors"));
  EXPECT_TRUE(at::equal(*from.Find("features.0.weight"), *to.Find("backbone.features.0.weight")));
}

TEST(RunExperiment, AFileInPlaceOfTheFolderIsAnError) {
  const TestFolder folder;
  WriteFileAtomically(folder.File("runs"), std::string_view("not a folder"));
  const std::string error = ErrorOf([&] { RunExperiment(Tiny(), Options(folder.File("runs"))); });
  EXPECT_THAT(error, HasSubstr(folder.File("runs")));
}

TEST(RunExperiment, ASecondEvaluationTrainsNothing) {
  const TestFolder folder;
  const ExperimentResult first = RunExperiment(Tiny({"eval.plain={}"}), Options(folder.path()));
  ASSERT_EQ(first.runs.size(), 2u);
  EXPECT_EQ(first.runs[1].name, "FCN-32s, plain");
  const auto files = Files(folder.File("tiny"));
  const ExperimentResult both = RunExperiment(
      Tiny({"eval.plain={}", R"(eval.more={"data": {"size": 5}})"}), Options(folder.path()));
  const auto again = Files(folder.File("tiny"));
  for (const char* name : {"FCN-32s/last.safetensors", "FCN-32s/metrics.jsonl",
                           "FCN-32s/images-plain.jsonl", "pre-training/last.safetensors"}) {
    EXPECT_EQ(again.at(name), files.at(name)) << name;
  }
  ASSERT_EQ(both.runs.size(), 4u);
  EXPECT_EQ(both.runs[2].name, "FCN-32s, plain");
  EXPECT_EQ(both.runs[2].metrics, first.runs[1].metrics);
  EXPECT_EQ(both.runs[2].total_seconds, first.runs[1].total_seconds);
  EXPECT_EQ(both.runs[3].name, "FCN-32s, more");
  EXPECT_EQ(both.runs[3].evaluation, "more");
  EXPECT_EQ(both.runs[3].metrics["images"], 5);
  const std::string table = ReadFile(folder.File("tiny/table.md"));
  EXPECT_THAT(table, AllOf(HasSubstr("FCN-32s, more"), HasSubstr("FCN-32s, plain")));
  EXPECT_EQ(again.count("FCN-32s/pictures-more/0.png"), 1u);
}

TEST(RunExperiment, ResultsOfOlderReleasesHaveNoMacs) {
  const TestFolder folder;
  const std::vector<std::string> settings = {"train.iterations=0", R"(compare=["macs"])"};
  const ExperimentResult first = RunExperiment(Tiny(settings), Options(folder.path()));
  const std::string path = folder.File("tiny/FCN-32s/result.json");
  Json json = ReadJsonFile(path);
  EXPECT_EQ(json["macs"], first.runs[1].macs);
  EXPECT_EQ(json["macs_at"], Json::array({32, 32}));
  for (const char* key : {"macs", "macs_at", "receptive_field"}) json.erase(key);
  WriteFileAtomically(path, JsonText(json));
  const ExperimentResult again = RunExperiment(Tiny(settings), Options(folder.path()));
  EXPECT_EQ(again.runs[1].macs, 0);
  EXPECT_TRUE(std::isnan(again.runs[1].receptive_field));
  EXPECT_EQ(ReadJsonFile(path), json);
  EXPECT_THAT(ReadFile(folder.File("tiny/table.md")), HasSubstr("MACs"));
}

TEST(RunExperiment, AnotherValidationSetTrainsNothing) {
  const TestFolder folder;
  RunExperiment(Tiny(), Options(folder.path()));
  const auto files = Files(folder.File("tiny"));
  const std::vector<PlannedRun> plan =
      Plan(Tiny({"runs.FCN-32s.data.val.size=7"}), folder.File("tiny"));
  EXPECT_EQ(plan[0].status, RunStatus::kFinished);
  EXPECT_EQ(plan[1].status, RunStatus::kTrained);
  const ExperimentResult result =
      RunExperiment(Tiny({"runs.FCN-32s.data.val.size=7"}), Options(folder.path()));
  EXPECT_EQ(result.runs[1].metrics["images"], 7);
  EXPECT_EQ(Files(folder.File("tiny")).at("FCN-32s/last.safetensors"),
            files.at("FCN-32s/last.safetensors"));
}

TEST(Runner, ARunThatGoesOnElsewhereSaysSo) {
  const Json here = Environment(c10::Device("cpu"));
  EXPECT_EQ(BitsDiffer(here, here), "");
  Json there = here;
  there["threads"] = 99;
  there["date"] = "1999-12-31";
  EXPECT_THAT(BitsDiffer(there, here),
              AllOf(HasSubstr("threads 99, now "), Not(HasSubstr("1999"))));
  EXPECT_EQ(BitsDiffer(Json(), here), "");
}

TEST(Runner, AFolderThatAnotherProcessHoldsIsWaitedFor) {
  const TestFolder out;
  MakeFolders(out.File("tiny/pre-training"));
  auto other = std::make_unique<FolderLock>(out.File("tiny/pre-training"));
  ExperimentResult result;
  {
    std::thread let_go([&other] {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      other.reset();
    });
    result = RunExperiment(Tiny(), Options(out.path()));
    let_go.join();
  }
  EXPECT_EQ(result.runs.size(), 2U);
}

TEST(Runner, OnlyOneRun) {
  const TestFolder out;
  RunnerOptions options = Options(out.path());
  options.only = "FCN-32s";
  EXPECT_THAT(ErrorOf([&] { RunExperiment(Tiny(), options); }),
              AllOf(HasSubstr("starts from pre-training"), HasSubstr("not finished")));
  options.only = "pre-trainin";
  EXPECT_THAT(ErrorOf([&] { RunExperiment(Tiny(), options); }), HasSubstr("did you mean"));
  options.only = "pre-training";
  RunExperiment(Tiny(), options);
  EXPECT_TRUE(FileExists(out.File("tiny/pre-training/result.json")));
  EXPECT_FALSE(FolderExists(out.File("tiny/FCN-32s")));
}

TEST(Runner, MistakesOfLaterRunsAreFoundBeforeTheFirstTrains) {
  const TestFolder out;
  const std::string mistake =
      R"(runs.FCN-32s.train.loss={"name": "cross_entropy", "class_weights": [1, 2]})";
  EXPECT_THAT(ErrorOf([&] { RunExperiment(Tiny({mistake}), Options(out.path())); }),
              HasSubstr("class_weights"));
  EXPECT_FALSE(FolderExists(out.File("tiny/pre-training")));
}

}  // namespace
}  // namespace seglab
