#include "report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "base/error.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "report/result_json.h"
#include "report/test_result.h"

namespace seglab {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// The result with what the runner leaves on the disk: curves, two samples, predictions.
ExperimentResult FakeExperiment(const std::string& folder) {
  const ExperimentResult result = FakeResult(folder);
  for (const RunResult& run : result.runs) {
    KeepFakePictures(result, run, 0, {"one", "two <b>"});
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
  EXPECT_EQ(Count(html, "data:image/jpeg;base64,"), 2u + 1) << "and one at the top";
  EXPECT_EQ(Count(html, "data:image/png;base64,"), 2u * (1 + 2 * result.runs.size()) + 2);
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
  EXPECT_EQ(Count(html, "<script"), 1u) << "but ours";
  EXPECT_THAT(html, Not(HasSubstr("<link")));
  const std::regex source("(src|href)=\"([^\"]{0,12})");
  size_t sources = 0;
  for (std::sregex_iterator at(html.begin(), html.end(), source), end; at != end; ++at, ++sources) {
    EXPECT_THAT((*at)[2].str(), testing::AnyOf(StartsWith("data:image/"), StartsWith("#")));
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
  EXPECT_EQ(Count(html, "<script"), 1u) << "but ours";
  EXPECT_THAT(html, Not(HasSubstr("two <b>")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;"));
}

TEST(Report, ToleratesMissingAndBrokenFiles) {
  const TestFolder folder;
  const ExperimentResult result = FakeExperiment(folder.path());
  std::filesystem::remove(folder.File("pictures/i1.jpg"));
  WriteFileAtomically(folder.File("pictures/t0.png"), std::string_view("no picture"));
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

TEST(Report, OfAMovedFolderIsTheSame) {
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

TEST(Report, ThePageIsThatOfItsFiles) {
  const std::string html = ReportHtml(FakeResult("x"));
  EXPECT_THAT(html, StartsWith("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"));
  EXPECT_THAT(html, EndsWith("</script>\n</body>\n</html>\n"));
  EXPECT_THAT(html, HasSubstr("<title>Skip nets</title>\n<style>\n" +
                              ReadFile("src/report/page/page.css") + "</style>\n</head>\n"));
  EXPECT_THAT(html, HasSubstr("<script>" + ReadFile("src/report/page/page.js") + "</script>"));
  EXPECT_THAT(html,
              HasSubstr("<h1>Skip nets</h1>\n<p class=\"headline\"><b>63.0 ± 2.6 mean IU</b> at "
                        "best, by FCN-8s, of 2 rows.</p>\n<p>Paper: Long et al. 2015, Table 2</p>\n"
                        "<p class=\"made\">Made on 2020-02-03 with "));
  for (const char* place : {"@TITLE@", "@STYLE@", "@HEADLINE@", "@INTRODUCTION@", "@SCRIPT@",
                            "@LINKS@", "@SECTIONS@"}) {
    EXPECT_THAT(ReadFile("src/report/page/page.html"), HasSubstr(place));
    EXPECT_THAT(html, Not(HasSubstr(place)));
  }
}

TEST(Report, WhatUsersWriteFillsNoPlace) {
  ExperimentResult result = FakeResult("x");
  result.title = "@STYLE@ @";
  EXPECT_THAT(ReportHtml(result), HasSubstr("<h1>@STYLE@ @</h1>"));
}

}  // namespace
}  // namespace seglab
