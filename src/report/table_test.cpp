#include "report/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "report/costs.h"
#include "report/table_csv.h"
#include "report/table_latex.h"
#include "report/table_markdown.h"
#include "report/table_text.h"
#include "report/test_result.h"

namespace seglab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

TEST(TableTest, OneClassEverywhereIsSaid) {
  ExperimentResult result = FakeResult("x");
  for (RunResult& run : result.runs) run.metrics["confusion"] = {{5, 0}, {3, 2}};
  EXPECT_THAT(TableText(result), Not(HasSubstr("of every pixel")));
  result.runs[0].metrics["confusion"] = {{5, 0}, {3, 0}};
  EXPECT_THAT(TableText(result), HasSubstr("FCN-32s says class 0 of every pixel."));
}

TEST(Table, MeanAndSampleStandardDeviationOverSeeds) {
  const Table table = MakeTable(FakeResult("x"), false);
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[1].group, "FCN-8s");
  EXPECT_EQ(table.rows[1].runs, 3);
  // 61, 62, 66: mean 63, squares 4 + 1 + 9 over n - 1 = 2.
  EXPECT_NEAR(table.rows[1].ours[1].mean, 63.0, 1e-9);
  EXPECT_NEAR(table.rows[1].ours[1].deviation, std::sqrt(7.0), 1e-9);
  EXPECT_EQ(FormatSpread(table.rows[1].ours[1]), "63.0 ± 2.6");
  EXPECT_TRUE(table.has_spread);
}

TEST(Table, SingleRunHasNoSpread) {
  const Table table = MakeTable(FakeResult("x"), false);
  EXPECT_TRUE(std::isnan(table.rows[0].ours[1].deviation));
  EXPECT_EQ(FormatSpread(table.rows[0].ours[1]), "55.0");
}

TEST(Table, PaperStandsBesideOurs) {
  const Table table = MakeTable(FakeResult("x"), false);
  EXPECT_TRUE(table.has_paper);
  EXPECT_THAT(table.rows[0].paper, ElementsAre(89.1, 59.4));
  EXPECT_TRUE(std::isnan(table.rows[1].paper[0]));
}

TEST(Table, ShortListOfThePaperLeavesTheRestOpen) {
  ExperimentResult result = FakeResult("x");
  result.runs[0].paper = {89.1};
  const Table table = MakeTable(result, false);
  EXPECT_EQ(table.rows[0].paper[0], 89.1);
  EXPECT_TRUE(std::isnan(table.rows[0].paper[1]));
}

TEST(Table, OneRunWithoutScoreLeavesTheGroupWithout) {
  ExperimentResult result = FakeResult("x");
  result.runs[2].metrics["mean_iou"] = nullptr;
  result.runs[0].metrics = nullptr;
  const Table table = MakeTable(result, false);
  EXPECT_EQ(FormatSpread(table.rows[1].ours[1]), "-");
  EXPECT_EQ(FormatSpread(table.rows[1].ours[0]), "93.0 ± 2.6");
  EXPECT_EQ(FormatSpread(table.rows[0].ours[0]), "-");
}

TEST(Table, PreTrainingsHaveATableOfTheirOwn) {
  ExperimentResult result = FakeResult("x");
  result.runs[0].task = Task::kClassification;
  const Table main = MakeTable(result, false);
  const Table pre_training = MakeTable(result, true);
  ASSERT_EQ(main.rows.size(), 1u);
  ASSERT_EQ(pre_training.rows.size(), 1u);
  EXPECT_THAT(pre_training.columns, ElementsAre("pixel_acc", "mean_acc"));
  EXPECT_NEAR(pre_training.rows[0].ours[0].mean, 85.0, 1e-9);
  EXPECT_EQ(pre_training.rows[0].paper[0], 89.1);
  EXPECT_TRUE(std::isnan(pre_training.rows[0].paper[1]));  // the experiment has no such column
  const std::string text = TableText(result);
  EXPECT_THAT(text, HasSubstr("Pre-training"));
  EXPECT_THAT(text, HasSubstr("top-1 acc."));
}

TEST(Table, AllTrainingTimeHasAColumnWhereItIsCompared) {
  ExperimentResult result = FakeTrunks("x");
  for (int i : {0, 1}) {
    const double nan = i == 0 ? 360 : kNan;
    result.runs[1].total_seconds = nan;
    const Table table = MakeTable(result, false);
    EXPECT_THAT(table.costs, testing::Contains(CostIndex("total_seconds")));
    EXPECT_EQ(table.rows[0].costs[CostIndex("total_seconds")], 180);
    const std::string in_all = i == 0 ? "6m 00s" : "-";
    EXPECT_THAT(TableMarkdown(result),
                HasSubstr("| FCN-16s \\[big] | 52.0 | 20.0 M | 3m 00s | " + in_all + " |"));
    EXPECT_THAT(TableText(result),
                HasSubstr("3m 00s  " + std::string(i == 0 ? "" : "     ") + in_all + "\n"));
    EXPECT_THAT(Lines(TableCsv(result))[0], testing::EndsWith(",train_seconds,total_seconds"));
    EXPECT_THAT(Lines(TableCsv(result))[2], testing::EndsWith(i == 0 ? ",180,360" : ",180,"));
  }
  EXPECT_THAT(TableLatex(result), HasSubstr("\\begin{tabular}{lrrrr}"));
  EXPECT_THAT(TableLatex(result), HasSubstr("& parameters & training & in all \\\\"));
  EXPECT_THAT(TableMarkdown(result), HasSubstr("In all: "));

  result.compare = {{"parameters"}};
  EXPECT_THAT(MakeTable(result, false).costs, Not(testing::Contains(CostIndex("total_seconds"))));
  EXPECT_THAT(TableMarkdown(result), Not(HasSubstr("in all")));
}

TEST(Table, WithThePapersFiguresTheCostsKeepTheirColumns) {
  ExperimentResult result = FakeTrunks("x");
  result.runs[0].paper = {50};
  EXPECT_THAT(TableLatex(result), HasSubstr("\\multicolumn{2}{c}{mean IU} & & & \\\\"));
  EXPECT_THAT(TableText(result), HasSubstr("ours  paper  parameters  training  in all\n"));
}

TEST(TableText, Layout) {
  EXPECT_THAT(Lines(TableText(FakeResult("x"))),
              ElementsAre("Skip nets",                                    //
                          "paper: Long et al. 2015, Table 2",             //
                          "",                                             //
                          "                pixel acc.          mean IU",  //
                          "         n        ours  paper        ours  paper  parameters  training",
                          "----------------------------------------------------------------------",
                          "FCN-32s  1        85.0   89.1        55.0   59.4     134.5 M    1m 30s",
                          "FCN-8s   3  93.0 ± 2.6      -  63.0 ± 2.6      -     134.5 M    1m 30s",
                          "----------------------------------------------------------------------",
                          "Percent, measured on 12 images.",
                          "Means over classes: policy \"union\", a class with neither true nor "
                          "predicted pixels is left out.",
                          "Mean ± sample standard deviation over n runs that differ in the seed."));
}

TEST(TableText, NothingFinished) {
  ExperimentResult result = FakeResult("x");
  result.runs.clear();
  EXPECT_THAT(TableText(result), HasSubstr("no run is finished"));
}

TEST(TableMarkdown, RowsCommandAndEnvironment) {
  ExperimentResult result = FakeResult("x");
  result.runs[0].group = "a|b\nc";
  const std::string text = TableMarkdown(result);
  EXPECT_THAT(text, HasSubstr("| a\\|b c | 1 | 85.0 | 89.1 | 55.0 | 59.4 | 134.5 M | 1m 30s |\n"));
  EXPECT_THAT(text, HasSubstr("| FCN-8s | 3 | 93.0 ± 2.6 | - | 63.0 ± 2.6 | - | 134.5 M |"));
  EXPECT_THAT(text, HasSubstr("    seglab run table2\n"));
  EXPECT_THAT(text, HasSubstr("- threads: 2\n"));
  EXPECT_THAT(text, HasSubstr("policy \"union\""));
}

TEST(TableCsv, ValuesAndQuotes) {
  ExperimentResult result = FakeResult("x");
  result.runs[0].group = "a \"b\", c";
  result.runs[0].metrics["mean_iou"] = 0.5;
  const std::vector<std::string> lines = Lines(TableCsv(result));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0],
            "group,task,runs,pixel_acc,pixel_acc_std,pixel_acc_paper,mean_iou,mean_iou_std,"
            "mean_iou_paper,parameters,train_seconds");
  EXPECT_EQ(lines[1], "\"a \"\"b\"\", c\",segmentation,1,85,,89.1,50,,59.4,134489000,90");
  EXPECT_THAT(lines[2], testing::StartsWith("FCN-8s,segmentation,3,93,2.645751311,,63,"));
}

TEST(TableCsv, PreTrainingIsNamedAsSuch) {
  ExperimentResult result = FakeResult("x");
  result.runs[0].task = Task::kClassification;
  result.runs[0].paper.clear();
  const std::vector<std::string> lines = Lines(TableCsv(result));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[2], "FCN-32s,classification,1,85,,,,,,65,,,134489000,90");
}

TEST(TableLatex, EscapesAndAligns) {
  ExperimentResult result = FakeResult("x");
  result.runs[0].group = "A_1 & 5%";
  const std::string text = TableLatex(result);
  EXPECT_THAT(text, HasSubstr("\\begin{tabular}{lrrrrrrr}"));
  EXPECT_THAT(text, HasSubstr("\\multicolumn{2}{c}{mean IU}"));
  EXPECT_THAT(text, HasSubstr("A\\_1 \\& 5\\% & 1 & 85.0 & 89.1 & 55.0 & 59.4"));
  EXPECT_THAT(text, HasSubstr("63.0 $\\pm$ 2.6 & --"));
  EXPECT_THAT(text, Not(HasSubstr("±")));
}

}  // namespace
}  // namespace seglab
