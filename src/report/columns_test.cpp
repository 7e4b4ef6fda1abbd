#include "report/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "metrics/statistics.h"
#include "report/results_section.h"
#include "report/table.h"
#include "report/table_csv.h"
#include "report/table_latex.h"
#include "report/table_markdown.h"
#include "report/table_text.h"
#include "report/test_result.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// The three seeds of FCN-8s have a boundary F1 of 59, 60, 61.
ExperimentResult WithBoundaries() {
  ExperimentResult result = FakeResult("x");
  for (int seed : {1, 2, 3}) {
    result.runs[static_cast<size_t>(seed)].metrics["boundary_f1"] = {
        {"tolerance", 0.0075}, {"mean", 0.58 + 0.01 * seed}, {"per_class", {0.5, nullptr}}};
  }
  return result;
}

void SetRand(RunResult& run, double error, double thin) {
  run.metrics["rand"] = {{"object_class", "cell"},
                         {"pixel_error", 0.1},
                         {"rand_error", error},
                         {"rand_error_thin", thin}};
}

TEST(ColumnRows, SayWhereEachScoreIs) {
  std::set<std::string> names, titles;
  for (const ColumnRow& row : ColumnRows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(titles.insert(row.title).second) << row.name;
    EXPECT_EQ(FindColumn(row.name), &row);
    EXPECT_EQ(ColumnTitle(row.name, false), row.title);
    if (IsCounted(row.name)) {
      EXPECT_NO_THROW(ScoreOf(Scores(), row.name)) << row.name;
      EXPECT_EQ(ScoreValue({{row.key, 0.5}}, row.name), 0.5);
    } else {
      const Json metrics = {{row.part, {{row.key, 0.5}}}};
      EXPECT_TRUE(HoldsExtra(metrics, row)) << row.name;
      EXPECT_EQ(ScoreValue(metrics, row.name), 0.5) << row.name;
    }
    for (const Json& without : {Json(), Json{{row.key, nullptr}}, Json{{row.part, nullptr}},
                                Json{{row.part, {{row.key, nullptr}}}}}) {
      EXPECT_TRUE(std::isnan(ScoreValue(without, row.name))) << row.name;
    }
  }
  EXPECT_EQ(ColumnTitle("pixel_acc", true), "top-1 acc.");
  EXPECT_EQ(ColumnTitle("of_later", false), "of later");
  EXPECT_EQ(ScoreValue({{"of_later", 0.5}}, "of_later"), 0.5);
  EXPECT_FALSE(IsCounted("of_later"));
}

TEST(ExtraColumns, StandBehindTheExperimentsOwnWithoutPaper) {
  const ExperimentResult result = WithBoundaries();
  const Table table = MakeTable(result, false);
  EXPECT_THAT(table.columns, ElementsAre("pixel_acc", "mean_iou", "boundary_f1"));
  EXPECT_TRUE(table.HasPaper(1));
  EXPECT_FALSE(table.HasPaper(2));
  EXPECT_EQ(FormatSpread(table.rows[0].ours[2]), "-");
  EXPECT_EQ(FormatSpread(table.rows[1].ours[2]), "60.0 ± 1.0");

  EXPECT_THAT(TableText(result),
              AllOf(HasSubstr("         mean IU\n"),
                    HasSubstr("ours  paper  boundary F1  parameters  training\n"),
                    HasSubstr("63.0 ± 2.6      -   60.0 ± 1.0     134.5 M    1m 30s\n"),
                    HasSubstr("\nBoundary F1 within 0.75 % of the diagonal.\n")));
  EXPECT_THAT(TableMarkdown(result),
              AllOf(HasSubstr("| mean IU | paper | boundary F1 | parameters | training |\n"),
                    HasSubstr("| 55.0 | 59.4 | - | 134.5 M | 1m 30s |\n"),
                    HasSubstr("| 63.0 ± 2.6 | - | 60.0 ± 1.0 | 134.5 M |")));
  EXPECT_THAT(
      TableLatex(result),
      AllOf(HasSubstr("\\begin{tabular}{lrrrrrrrr}"),
            HasSubstr("\\multicolumn{2}{c}{mean IU} & & & \\\\\n"
                      "\\cmidrule(lr){3-4}\\cmidrule(lr){5-6}\n"),
            HasSubstr("& ours & paper & boundary F1 & parameters & training \\\\"),
            HasSubstr("& -- & 60.0 $\\pm$ 1.0 & 134.5 M"), HasSubstr("within 0.75 \\% of")));
  const std::string csv = TableCsv(result);
  EXPECT_THAT(csv, StartsWith("group,task,runs,pixel_acc,pixel_acc_std,pixel_acc_paper,mean_iou,"
                              "mean_iou_std,mean_iou_paper,boundary_f1,boundary_f1_std,parameters,"
                              "train_seconds\n"));
  EXPECT_THAT(csv, AllOf(HasSubstr(",55,,59.4,,,134489000,90\n"), HasSubstr(",,60,1,134489000,")));
  EXPECT_THAT(ResultsSection(result),
              AllOf(HasSubstr("<th rowspan=\"2\">boundary F1</th><th rowspan=\"2\">parameters"),
                    HasSubstr("<b>60.0</b> <span class=\"spread\">± 1.0</span></td><td data-"),
                    HasSubstr("Boundary F1 within 0.75 % of the diagonal.")));
  EXPECT_EQ(Count(ResultsSection(result), "<th class=\"paper\">"), 2u);
}

TEST(ExtraColumns, AreNotThereWhereNothingIsScored) {
  EXPECT_THAT(MakeTable(FakeResult("x"), false).columns, ElementsAre("pixel_acc", "mean_iou"));
  EXPECT_THAT(TableText(FakeResult("x")), Not(HasSubstr("oundary")));
  ExperimentResult result = WithBoundaries();
  for (size_t i = 1; i < result.runs.size(); ++i) result.runs[i].task = Task::kClassification;
  EXPECT_THAT(MakeTable(result, false).columns, ElementsAre("pixel_acc", "mean_iou"));
}

TEST(ExtraColumns, AListedOneKeepsItsPlaceAndHasFiguresOfThePaper) {
  ExperimentResult result = WithBoundaries();
  result.columns = {"boundary_f1", "mean_iou"};
  result.runs[0].paper = {61.5, 59.4};
  const Table table = MakeTable(result, false);
  EXPECT_THAT(table.columns, ElementsAre("boundary_f1", "mean_iou"));
  EXPECT_THAT(table.rows[0].paper, ElementsAre(61.5, 59.4));
  EXPECT_THAT(TableMarkdown(result),
              AllOf(HasSubstr("| n | boundary F1 | paper | mean IU | paper | parameters |"),
                    HasSubstr("| FCN-32s | 1 | - | 61.5 | 55.0 | 59.4 | 134.5 M |"),
                    HasSubstr("Boundary F1 within 0.75 % of the diagonal.")));
  EXPECT_THAT(TableCsv(result),
              HasSubstr(",boundary_f1,boundary_f1_std,boundary_f1_paper,mean_iou"));
}

TEST(ExtraColumns, SeveralTolerancesAreSaid) {
  ExperimentResult result = WithBoundaries();
  result.runs[3].metrics["boundary_f1"]["tolerance"] = 0.01;
  EXPECT_THAT(TableText(result), HasSubstr("Boundary F1 within 0.75 or 1 % of the diagonal."));
}

TEST(ExtraColumns, OfErrorsTheLeastIsTheBest) {
  ExperimentResult result = FakeResult("x");
  SetRand(result.runs[0], 0.02, 0.07);
  for (size_t i = 1; i < result.runs.size(); ++i) SetRand(result.runs[i], 0.05, 0.03);
  EXPECT_THAT(MakeTable(result, false).columns,
              ElementsAre("pixel_acc", "mean_iou", "rand_error", "rand_error_thin"));
  EXPECT_THAT(TableMarkdown(result),
              AllOf(HasSubstr("| rand error | rand error, thin | parameters |"),
                    HasSubstr("| 59.4 | 2.0 | 7.0 | 134.5 M |"),
                    HasSubstr("Rand errors: objects of class cell; lower is better.")));
  EXPECT_THAT(ResultsSection(result),
              AllOf(HasSubstr("<td class=\"first\"><b>2.0</b></td><td class=\"first\">7.0</td>"),
                    HasSubstr("<td class=\"first\">5.0 "), HasSubstr("<b>3.0</b>")));
}

}  // namespace
}  // namespace seglab
