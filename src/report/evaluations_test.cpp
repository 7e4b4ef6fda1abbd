// One training with two evaluations: a row, a column and a point for each, one run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/test_folder.h"
#include "data/image_file.h"
#include "data/masks.h"
#include "report/cost_section.h"
#include "report/curves_section.h"
#include "report/report.h"
#include "report/result_json.h"
#include "report/runs_section.h"
#include "report/table.h"
#include "report/table_csv.h"
#include "report/table_markdown.h"
#include "report/table_text.h"
#include "report/test_result.h"

namespace seglab {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(WithoutEvaluation, IsTheRunsName) {
  RunResult run;
  EXPECT_EQ(WithoutEvaluation("A, crf", run), "A, crf");
  run.evaluation = "crf";
  EXPECT_EQ(WithoutEvaluation("A, crf", run), "A");
  EXPECT_EQ(WithoutEvaluation("A [seed=1], crf", run), "A [seed=1]");
  EXPECT_EQ(WithoutEvaluation("A", run), "A");
}

TEST(Evaluations, EachIsARowOfEveryTable) {
  const ExperimentResult result = FakeEvaluations("x");
  EXPECT_THAT(TableText(result),
              HasSubstr("FCN-8s, plain  91.0   90.3  61.0   62.7     134.5 M    1m 30s\n"
                        "FCN-8s, crf    94.0      -  64.0      -     134.5 M    1m 30s\n"));
  EXPECT_THAT(TableMarkdown(result),
              HasSubstr("| FCN-8s, crf | 94.0 | - | 64.0 | - | 134.5 M | 1m 30s |\n"));
  EXPECT_THAT(TableCsv(result), HasSubstr("\"FCN-8s, crf\",segmentation,1,94,,,64,,,134489000,90"));
  const Table table = MakeTable(result, false);
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_FALSE(table.has_spread);  // two evaluations are no two runs
  EXPECT_EQ(table.rows[1].run_group, "FCN-8s");
  EXPECT_EQ(table.rows[1].evaluation, "crf");
}

TEST(Evaluations, AreKeptInTheJson) {
  const TestFolder folder;
  const ExperimentResult result = FakeEvaluations(folder.path());
  WriteReports(result);
  const ExperimentResult read = ReadExperimentResult(folder.path());
  EXPECT_EQ(ResultToJson(read), ResultToJson(result));
  ASSERT_EQ(read.runs.size(), 2u);
  EXPECT_EQ(read.runs[0].evaluation, "plain");
  EXPECT_EQ(read.runs[1].evaluation, "crf");
  EXPECT_EQ(read.runs[1].folder, read.runs[0].folder);
  EXPECT_THAT(ResultToJson(FakeResult("x")), Not(HasSubstr("\"evaluation\"")));
}

TEST(Evaluations, OfOneRunShareItsCurve) {
  const TestFolder folder;
  const ExperimentResult result = FakeEvaluations(folder.path());
  MakeFolders(result.runs[0].folder);
  std::string lines;
  for (int i = 1; i <= 3; ++i) {
    lines += StrCat("{\"iteration\":", i, ",\"loss\":", i, "}\n");
    lines += StrCat("{\"iteration\":", i, ",\"mean_iou\":0.", i, "}\n");
  }
  WriteFileAtomically(JoinPath(result.runs[0].folder, "metrics.jsonl"), std::string_view(lines));
  const std::string html = CurvesSection(result);
  EXPECT_EQ(Count(html, "<figure"), 2u);
  EXPECT_EQ(Count(html, "<circle"), 3u);
  EXPECT_EQ(Count(html, "class=\"label"), 2u);
  EXPECT_THAT(html, Not(HasSubstr("crf")));
}

TEST(Evaluations, OfOneRunStandInOnePlaceAmongTheRuns) {
  const std::string html = RunsSection(FakeEvaluations("x"));
  EXPECT_EQ(Count(html, "<details>"), 1u);
  EXPECT_THAT(html, HasSubstr("<summary>FCN-8s</summary>"));
  EXPECT_THAT(html, HasSubstr("<dt>evaluation plain</dt><dd>5s</dd>"));
  EXPECT_THAT(html, HasSubstr("<dt>evaluation crf</dt><dd>1m 05s</dd>"));
}

TEST(Evaluations, StandAboveEachOtherAtOneCost) {
  ExperimentResult result = FakeEvaluations("x");
  result.compare = {{"train_seconds"}};
  const std::string html = CostSection(result);
  EXPECT_EQ(Count(html, "<circle"), 2u);
  EXPECT_EQ(Count(html, "class=\"dot c0\""), 2u);
  EXPECT_EQ(Count(html, "class=\"join c0\""), 1u);
  EXPECT_THAT(html, HasSubstr(">FCN-8s, plain</text>"));
  EXPECT_THAT(html, HasSubstr(">FCN-8s, crf</text>"));
}

TEST(Evaluations, OfASweepKeepTheirVariants) {
  ExperimentResult result = FakeTrunks("x");
  for (size_t i = 0; i < 4; ++i) {
    RunResult& plain = result.runs[i];
    RunResult crf = plain;
    crf.evaluation = "crf";
    crf.name = crf.group = plain.name + ", crf";
    plain.evaluation = "plain";
    plain.name = plain.group += ", plain";
    result.runs.push_back(crf);
  }
  result.compare = {{"parameters"}};
  const std::string html = CostSection(result);
  for (const char* label : {"FCN-32s, plain", "FCN-32s, crf", "FCN-16s big, plain",
                            "FCN-16s big, crf", "FCN-16s small, plain", "FCN-16s small, crf"}) {
    EXPECT_THAT(html, HasSubstr(StrCat(">", label, "</text>")));
  }
  // A line for each trunk and evaluation.
  for (int color = 0; color < 4; ++color) {
    EXPECT_EQ(Count(html, StrCat("class=\"join c", color, "\"")), 1u) << color;
  }
}

TEST(Evaluations, HavePicturesOfTheirOwn) {
  EXPECT_EQ(PicturesFolder(""), "pictures");
  EXPECT_EQ(PicturesFolder("crf"), "pictures-crf");
  const TestFolder folder;
  const ExperimentResult result = FakeEvaluations(folder.path());
  for (const RunResult& run : result.runs)
    KeepFakePictures(result, run, run.evaluation == "crf" ? 0 : 1, {"one"});
  std::string html = ReportHtml(result);
  EXPECT_EQ(Count(html, "<table class=\"pictures\">"), 1u);
  // Truth, two predictions with their errors; at the top truth and the best.
  EXPECT_EQ(Count(html, "data:image/png;base64,"), 7u);
  EXPECT_THAT(
      html, HasSubstr("<th title=\"FCN-8s, plain\">plain</th><th title=\"FCN-8s, crf\">crf</th>"));
  EXPECT_THAT(html, HasSubstr("prediction of FCN-8s, crf for one"));
  std::filesystem::remove_all(JoinPath(result.runs[0].folder, "pictures-crf"));
  html = ReportHtml(result);
  EXPECT_THAT(html, Not(HasSubstr("prediction of FCN-8s, crf")));
  EXPECT_THAT(html, HasSubstr("prediction of FCN-8s, plain"));
}

}  // namespace
}  // namespace seglab
