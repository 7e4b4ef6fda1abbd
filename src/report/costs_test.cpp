#include "report/costs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "report/cost_section.h"
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
using testing::IsEmpty;
using testing::Not;

/// Trunks of known work: the big one sees the whole image. Of the last run nothing is known.
ExperimentResult CountedTrunks() {
  ExperimentResult result = FakeTrunks("x");
  for (size_t i = 0; i < 3; ++i) {
    result.runs[i].macs = i < 2 ? 123'456'789'012 : 2'000'000'000;
    result.runs[i].receptive_field = i < 2 ? std::numeric_limits<double>::infinity() : 404;
  }
  result.compare = {{"macs", "receptive_field"}};
  return result;
}

TEST(CostRows, AreFoundByName) {
  ASSERT_EQ(CostNames().size(), CostRows().size());
  for (size_t i = 0; i < CostRows().size(); ++i) {
    EXPECT_EQ(CostIndex(CostNames()[i]), i);
    EXPECT_FALSE(CostRows()[i].title.empty());
    EXPECT_EQ(CostRows()[i].text(std::numeric_limits<double>::quiet_NaN()), "-");
  }
  EXPECT_EQ(CostIndex("joules"), CostRows().size());
}

TEST(ComparedCosts, FollowTheSizeOfTheNetworks) {
  ExperimentResult result = FakeResult("x");
  EXPECT_THAT(ComparedCosts(result), IsEmpty());
  result.runs[0].parameters += result.runs[0].parameters / 20;
  EXPECT_THAT(ComparedCosts(result), IsEmpty());
  result.runs[0].parameters *= 2;
  EXPECT_THAT(ComparedCosts(result), ElementsAre("train_seconds", "parameters"));
  result.runs[1].total_seconds = 100;
  EXPECT_THAT(ComparedCosts(result), ElementsAre("train_seconds", "total_seconds", "parameters"));
  result.runs[0].task = Task::kClassification;
  EXPECT_THAT(ComparedCosts(result), IsEmpty());
}

TEST(ComparedCosts, TheExperimentMaySayThem) {
  ExperimentResult result = FakeTrunks("x");
  result.compare = {{"total_seconds"}};
  EXPECT_THAT(ComparedCosts(result), ElementsAre("total_seconds"));
  result.compare = std::vector<std::string>();
  EXPECT_THAT(ComparedCosts(result), IsEmpty());
  result = FakeResult("x");
  result.compare = {{"parameters", "total_seconds"}};
  EXPECT_THAT(ComparedCosts(result), ElementsAre("parameters"));
  result.compare = {{"parameters", "joules"}};
  EXPECT_THAT(ComparedCosts(result), ElementsAre("parameters")) << "of a later release";
}

TEST(Costs, MacsAndFieldsHaveColumnsWhereTheyAreCompared) {
  const ExperimentResult result = CountedTrunks();
  EXPECT_THAT(
      TableMarkdown(result),
      AllOf(HasSubstr("| mean IU | parameters | MACs | receptive field | training |\n"),
            HasSubstr("| FCN-32s \\[big] | 50.0 | 20.0 M | 123.5 G | whole image | 3m 00s |\n"),
            HasSubstr("| FCN-32s \\[small] | 54.0 | 1.0 M | 2.0 G | 404 | 3m 00s |\n"),
            HasSubstr("| FCN-16s \\[small] | 56.0 | 1.0 M | - | - | 3m 00s |\n"),
            HasSubstr("MACs: multiply-adds of one pass over the first validation image."),
            HasSubstr("Receptive field: "), Not(HasSubstr("In all"))));
  EXPECT_THAT(TableText(result), HasSubstr("parameters     MACs  receptive field  training\n"));
  EXPECT_THAT(TableLatex(result),
              AllOf(HasSubstr("& parameters & MACs & receptive field & training \\\\"),
                    HasSubstr("& 123.5 G & whole image & ")));
  EXPECT_THAT(TableCsv(result),
              AllOf(HasSubstr(",parameters,macs,receptive_field,train_seconds\n"),
                    HasSubstr(",20000000,123456789012,inf,180\n"),
                    HasSubstr(",1000000,2000000000,404,180\n"), HasSubstr(",1000000,,,180\n")));
  EXPECT_THAT(
      ResultsSection(result),
      AllOf(HasSubstr("<th>MACs</th><th>receptive field</th>"),
            HasSubstr("<td data-value=\"2000000000\">2.0 G</td><td data-value=\"404\">404<"),
            HasSubstr("<td data-value=\"Infinity\">whole image</td>")));

  ExperimentResult without = CountedTrunks();
  without.compare.reset();
  EXPECT_THAT(TableMarkdown(without), Not(HasSubstr("MACs")));
}

TEST(Costs, PreTrainingsHaveTheUsualOnesAlone) {
  ExperimentResult result = CountedTrunks();
  result.runs[0].task = result.runs[1].task = Task::kClassification;
  EXPECT_EQ(MakeTable(result, true).costs.size(), 2u);
  EXPECT_EQ(MakeTable(result, false).costs.size(), 4u);
}

TEST(CostSection, DrawsMacsAndNoFields) {
  ExperimentResult result = CountedTrunks();
  const std::string html = CostSection(result);
  EXPECT_EQ(Count(html, "<figure"), 1u);
  EXPECT_EQ(Count(html, "<circle"), 3u) << "of the last run they are not known";
  EXPECT_THAT(html, AllOf(HasSubstr("mean IU against MACs"), HasSubstr("MACs (logarithmic)"),
                          HasSubstr("FCN-32s [small]: 54.0 %, 2.0 G MACs")));
  result.compare = {{"receptive_field"}};
  EXPECT_EQ(CostSection(result), "");
}

}  // namespace
}  // namespace seglab
