#include "report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <regex>

#include "base/error.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "report/curves_section.h"
#include "report/html.h"
#include "report/result_json.h"
#include "report/test_result.h"

namespace seglab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

/// The result with what the runner leaves on the disk: curves, two samples, predictions.
ExperimentResult FakeExperiment(const std::string& folder) {
  const ExperimentResult result = FakeResult(folder);
  const std::string pictures = JoinPath(folder, "pictures");
  MakeFolders(pictures);
  for (const char* k : {"0", "1"}) {
    WriteImage(JoinPath(pictures, k + std::string("_image.jpg")),
               cv::Mat(300, 800, CV_8UC3, cv::Scalar(10, 200, 90)));
    WriteMask(JoinPath(pictures, k + std::string("_truth.png")),
              cv::Mat(300, 800, CV_8UC1, cv::Scalar(1)), result.labels);
  }
  WriteFileAtomically(JoinPath(pictures, "names.json"), std::string_view("[\"one\", \"two <b>\"]"));
  for (const RunResult& run : result.runs) {
    MakeFolders(JoinPath(run.folder, "pictures"));
    for (const char* k : {"0.png", "1.png"}) {
      WriteMask(JoinPath(JoinPath(run.folder, "pictures"), k),
                cv::Mat(300, 800, CV_8UC1, cv::Scalar(0)), result.labels);
    }
    std::string lines;
    for (int i = 1; i <= 100; ++i) {
      lines += StrCat("{\"iteration\":", i, ",\"loss\":", 1.0 / i, ",\"images_per_second\":4}\n");
      if (i % 50 == 0) lines += StrCat("{\"iteration\":", i, ",\"mean_iou\":0.", i, "}\n");
    }
    WriteFileAtomically(JoinPath(run.folder, "metrics.jsonl"), std::string_view(lines));
  }
  return result;
}

TEST(Report, AllFilesAreWritten) {
  const TestFolder folder;
  WriteReports(FakeExperiment(folder.path()));
  for (const char* name : {"result.json", "table.md", "table.csv", "table.tex", "report.html"}) {
    EXPECT_TRUE(FileExists(folder.File(name))) << name;
  }
}

TEST(Report, ShowsEverySectionAndRun) {
  const TestFolder folder;
  const ExperimentResult result = FakeExperiment(folder.path());
  const std::string html = ReportHtml(result);
  for (const char* id : {"results", "curves", "pictures", "classes", "runs"}) {
    EXPECT_EQ(Count(html, StrCat("<section id=\"", id, "\">")), 1u) << id;
    EXPECT_EQ(Count(html, StrCat("href=\"#", id, "\"")), 1u) << id;
  }
  for (const RunResult& run : result.runs) {
    EXPECT_THAT(html, HasSubstr("<summary>" + run.name + "</summary>"));
    EXPECT_THAT(html, HasSubstr("prediction of " + run.name + " for one"));
  }
  EXPECT_EQ(Count(html, "data:image/jpeg;base64,"), 2u);
  EXPECT_EQ(Count(html, "data:image/png;base64,"), 2u * (1 + result.runs.size()));
  EXPECT_EQ(Count(html, "<figure class=\"plot\">"), 2u);
  EXPECT_THAT(html, HasSubstr("59.4"));
  EXPECT_THAT(html, HasSubstr("<code>seglab run table2</code>"));
  EXPECT_THAT(html, HasSubstr("4 images/s"));
  EXPECT_THAT(html, HasSubstr("--heat:0.63"));  // sky: mean of the three seeds
}

TEST(Report, ComparesTrunksByScoreAndCost) {
  const TestFolder folder;
  ExperimentResult result = FakeTrunks(folder.path());
  const std::string html = ReportHtml(result);
  EXPECT_EQ(Count(html, "<section id=\"cost\">"), 1u);
  EXPECT_EQ(Count(html, "href=\"#cost\""), 1u);
  EXPECT_EQ(Count(html, "<figure class=\"plot\">"), 3u);
  EXPECT_EQ(Count(html, "<circle"), 3u * 4);
  for (const char* text :
       {"training, minutes", "training in all, minutes", "parameters (logarithmic)",
        "FCN-16s [big]: 52.0 %, 6m 00s", "FCN-16s [small]: 56.0 %, 1.0 M parameters"}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
  // The runs of a trunk have one color and are joined; the last of them bears its name.
  EXPECT_EQ(Count(html, ">FCN-32s</text>"), 3u * 2);
  EXPECT_EQ(Count(html, ">FCN-16s big</text>"), 3u);
  EXPECT_EQ(Count(html, ">FCN-16s small</text>"), 3u);
  EXPECT_EQ(Count(html, "class=\"join c0\""), 3u);
  EXPECT_EQ(Count(html, "class=\"join c1\""), 3u);
}

TEST(Report, PointsBearOnlyWhatDiffers) {
  const TestFolder folder;
  ExperimentResult result = FakeTrunks(folder.path());
  result.compare = {{"parameters"}};
  result.runs = {result.runs[1], result.runs[3]};
  std::string html = ReportHtml(result);
  EXPECT_EQ(Count(html, ">big</text>"), 1u);
  EXPECT_EQ(Count(html, ">small</text>"), 1u);
  EXPECT_THAT(html, Not(HasSubstr("class=\"join c")));
  result.runs[0].group = "FCN-16s";
  result.runs[1].group = "FCN-8s";
  html = ReportHtml(result);
  EXPECT_EQ(Count(html, ">FCN-16s</text>"), 1u);
  EXPECT_EQ(Count(html, ">FCN-8s</text>"), 1u);
}

TEST(Report, SeedsMakeABar) {
  const TestFolder folder;
  ExperimentResult result = FakeResult(folder.path());
  result.compare = {{"train_seconds"}};
  const std::string html = ReportHtml(result);
  EXPECT_EQ(Count(html, "<circle"), 2u);
  EXPECT_EQ(Count(html, "class=\"bar "), 1u);
  EXPECT_THAT(html, HasSubstr("FCN-8s: 63.0 ± 2.6 %, 1m 30s"));
}

TEST(Report, OneScoreIsNoComparison) {
  const TestFolder folder;
  ExperimentResult result = FakeResult(folder.path());
  result.compare = {{"parameters"}};
  EXPECT_THAT(ReportHtml(result), HasSubstr("id=\"cost\""));
  result.runs[0].metrics = nullptr;
  EXPECT_THAT(ReportHtml(result), Not(HasSubstr("id=\"cost\"")));
}

TEST(Report, NeedsNothingOutsideTheFile) {
  const TestFolder folder;
  const std::string html = ReportHtml(FakeExperiment(folder.path()));
  EXPECT_THAT(html, Not(HasSubstr("http://")));
  EXPECT_THAT(html, Not(HasSubstr("https://")));
  EXPECT_THAT(html, Not(HasSubstr("url(")));
  EXPECT_THAT(html, Not(HasSubstr("@import")));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<link")));
  const std::regex source("(src|href)=\"([^\"]{0,12})");
  size_t sources = 0;
  for (std::sregex_iterator at(html.begin(), html.end(), source), end; at != end; ++at, ++sources) {
    EXPECT_THAT((*at)[2].str(),
                testing::AnyOf(testing::StartsWith("data:image/"), testing::StartsWith("#")));
  }
  EXPECT_GT(sources, 0u);
}

TEST(Report, EscapesWhatUsersWrite) {
  const TestFolder folder;
  ExperimentResult result = FakeExperiment(folder.path());
  const std::string evil = "<script>alert('1')</script>&\"";
  result.title = result.description = result.paper_ref = result.command = evil;
  result.environment[evil] = evil;
  result.labels.names[0] = evil;
  for (RunResult& run : result.runs) {
    run.name = run.group = evil;
    run.config[evil] = evil;
    run.metrics["per_class"][0]["name"] = evil;
    run.metrics["absent_policy"] = evil;
  }
  result.columns.push_back(evil);
  const std::string html = ReportHtml(result);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("two <b>")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;"));
}

TEST(Report, ToleratesMissingAndBrokenFiles) {
  const TestFolder folder;
  const ExperimentResult result = FakeExperiment(folder.path());
  std::filesystem::remove(folder.File("pictures/1_image.jpg"));
  WriteFileAtomically(folder.File("pictures/0_truth.png"), std::string_view("no picture"));
  std::filesystem::remove(JoinPath(result.runs[0].folder, "metrics.jsonl"));
  std::filesystem::remove_all(JoinPath(result.runs[1].folder, "pictures"));
  const std::string html = ReportHtml(result);
  EXPECT_EQ(Count(html, "<td class=\"none\">"), 2u);
  EXPECT_THAT(html, Not(HasSubstr("prediction of " + result.runs[1].name)));
  EXPECT_THAT(html, HasSubstr("prediction of " + result.runs[2].name));
}

TEST(Report, WithoutAnyFileOrRunOnlyTheTablesStand) {
  const TestFolder folder;
  ExperimentResult result = FakeResult(folder.path());
  std::string html = ReportHtml(result);
  EXPECT_THAT(html, Not(HasSubstr("id=\"curves\"")));
  EXPECT_THAT(html, Not(HasSubstr("id=\"pictures\"")));
  result.runs.clear();
  html = ReportHtml(result);
  EXPECT_THAT(html, HasSubstr("No run is finished"));
  EXPECT_THAT(html, Not(HasSubstr("id=\"runs\"")));
}

TEST(RunLog, KeepsWhatCanBeRead) {
  const TestFolder folder;
  WriteFileAtomically(folder.File("metrics.jsonl"),
                      std::string_view("{\"iteration\":1,\"loss\":2.5,\"images_per_second\":3}\n"
                                       "not json\n[1]\n"
                                       "{\"iteration\":2,\"loss\":null,\"images_per_second\":5}\n"
                                       "{\"iteration\":2,\"mean_iou\":0.25}\n"
                                       "{\"iteration\":3,\"lo"));
  const RunLog log = ReadRunLog(folder.path(), "mean_iou");
  EXPECT_THAT(log.iterations, ElementsAre(1, 2));
  EXPECT_EQ(log.losses[0], 2.5);
  EXPECT_TRUE(std::isnan(log.losses[1]));
  EXPECT_THAT(log.eval_iterations, ElementsAre(2));
  EXPECT_THAT(log.eval_scores, ElementsAre(25));
  EXPECT_EQ(log.images_per_second, 5);
}

TEST(ResultJson, RoundTrip) {
  const TestFolder folder;
  ExperimentResult result = FakeResult(folder.path());
  result.description = "Two lines\nof \"text\" ±";
  result.runs[0].paper = {89.1, kNan};
  result.runs[0].task = Task::kClassification;
  result.runs[1].seed = std::numeric_limits<uint64_t>::max();
  result.runs[2].config = nullptr;
  result.runs[1].total_seconds = 1234.5;
  result.runs[2].total_seconds = kNan;
  result.compare = {{"parameters", "total_seconds"}};
  WriteReports(result);
  const ExperimentResult read = ReadExperimentResult(folder.path());
  EXPECT_EQ(ResultToJson(read), ResultToJson(result));
  EXPECT_EQ(read.folder, folder.path());
  EXPECT_EQ(read.description, result.description);
  EXPECT_EQ(read.columns, result.columns);
  EXPECT_EQ(read.compare, result.compare);
  EXPECT_EQ(read.environment, result.environment);
  EXPECT_EQ(read.labels.names, result.labels.names);
  EXPECT_EQ(read.labels.palette, result.labels.palette);
  ASSERT_EQ(read.runs.size(), result.runs.size());
  for (size_t i = 0; i < read.runs.size(); ++i) {
    EXPECT_EQ(read.runs[i].name, result.runs[i].name);
    EXPECT_EQ(read.runs[i].group, result.runs[i].group);
    EXPECT_EQ(read.runs[i].folder, result.runs[i].folder);
    EXPECT_EQ(read.runs[i].task, result.runs[i].task);
    EXPECT_EQ(read.runs[i].seed, result.runs[i].seed);
    EXPECT_EQ(read.runs[i].config, result.runs[i].config);
    EXPECT_EQ(read.runs[i].metrics, result.runs[i].metrics);
    EXPECT_EQ(read.runs[i].parameters, result.runs[i].parameters);
    EXPECT_EQ(read.runs[i].iterations, result.runs[i].iterations);
    EXPECT_EQ(read.runs[i].train_seconds, result.runs[i].train_seconds);
    EXPECT_EQ(read.runs[i].eval_seconds, result.runs[i].eval_seconds);
  }
  EXPECT_EQ(read.runs[1].total_seconds, 1234.5);
  EXPECT_TRUE(std::isnan(read.runs[2].total_seconds));
  EXPECT_EQ(read.runs[0].paper[0], 89.1);
  EXPECT_TRUE(std::isnan(read.runs[0].paper[1]));
}

TEST(ResultJson, OfOlderVersionsCountsTheRunsOwnTime) {
  const TestFolder folder;
  WriteReports(FakeResult(folder.path()));
  Json json = ParseJson(ReadFile(folder.File("result.json")), "result.json");
  EXPECT_FALSE(json.contains("compare"));
  for (Json& run : json["runs"]) run.erase("total_seconds");
  WriteFileAtomically(folder.File("result.json"), std::string_view(json.dump()));
  const ExperimentResult read = ReadExperimentResult(folder.path());
  EXPECT_EQ(read.runs[0].total_seconds, read.runs[0].train_seconds);
  EXPECT_FALSE(read.compare.has_value());
}

TEST(ResultJson, ReportOfAMovedFolderIsTheSame) {
  const TestFolder folder;
  const std::string before = folder.File("before"), after = folder.File("after");
  const ExperimentResult result = FakeExperiment(before);
  WriteReports(result);
  std::filesystem::rename(before, after);
  const ExperimentResult moved = ReadExperimentResult(after);
  EXPECT_EQ(moved.runs[0].folder, JoinPath(after, result.runs[0].name));
  EXPECT_EQ(Count(ReportHtml(moved), "data:image/"),
            Count(ReadFile(JoinPath(after, "report.html")), "data:image/"));
}

TEST(ResultJson, BrokenFilesAreNamed) {
  const TestFolder folder;
  EXPECT_THROW(ReadExperimentResult(folder.path()), Error);
  WriteFileAtomically(folder.File("result.json"),
                      std::string_view("{\"name\": \"a\", \"columns\": 3}"));
  try {
    ReadExperimentResult(folder.path());
    FAIL() << "columns must be a list";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("result.json"));
    EXPECT_THAT(error.what(), HasSubstr("columns"));
  }
}

TEST(Html, DataUriIsBase64) {
  EXPECT_EQ(DataUri("a/b", ""), "data:a/b;base64,");
  EXPECT_EQ(DataUri("a/b", "M"), "data:a/b;base64,TQ==");
  EXPECT_EQ(DataUri("a/b", "Ma"), "data:a/b;base64,TWE=");
  EXPECT_EQ(DataUri("a/b", "Man"), "data:a/b;base64,TWFu");
  EXPECT_EQ(DataUri("a/b", "\xff\xfe\xfd\xfc"), "data:a/b;base64,//79/A==");
}

TEST(Html, InvalidUtf8IsReplaced) {
  EXPECT_EQ(EscapeHtml("a\xff<b>\xc3\xa4"), "a\xef\xbf\xbd&lt;b&gt;\xc3\xa4");
}

}  // namespace
}  // namespace seglab
