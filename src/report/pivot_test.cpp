#include "report/pivot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/shown_rows.h"
#include "report/test_result.h"

namespace seglab {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Rates crossed with decays, and with a third factor.
ExperimentResult Crossed(const std::vector<std::string>& thirds) {
  ExperimentResult result = FakeResult("x");
  result.runs.clear();
  double score = 0.3;
  for (const std::string& third : thirds) {
    for (const char* rate : {"0.1", "0.2", "0.3"}) {
      for (const char* decay : {"0", "1"}) {
        const std::string name = std::string(rate) + " " + decay + " " + third;
        RunResult run = FakeRun(name, name, 1, score += 0.01);
        run.factors = {{"run", "FCN"}, {"lr", rate}, {"decay", decay}, {"third", third}};
        result.runs.push_back(run);
      }
    }
  }
  return result;
}

TEST(Pivot, CrossesTwoFactors) {
  ExperimentResult result = Crossed({"a"});
  result.baseline = "0.1 1 a";
  const std::string html = PivotsHtml(MakeTable(result, false));
  EXPECT_THAT(html, HasSubstr("<h3>Mean IU by lr and decay</h3>"));
  EXPECT_EQ(Count(html, "<td class=\"heat\""), 6u);
  // Rates go down, since there are more of them: 0.2 is the second row, and 34.0 stands below
  // decay 1.
  EXPECT_THAT(html,
              HasSubstr("<th scope=\"row\">0.2</th><td class=\"heat\" style=\"--heat:0.40\">33.0"
                        "<div class=\"spread\">+1.0</div></td><td class=\"heat\" "
                        "style=\"--heat:0.60\">34.0<div class=\"spread\">+2.0</div></td>"));
  EXPECT_EQ(Count(html, ">baseline<"), 1u);
  EXPECT_THAT(html, HasSubstr("<b>36.0</b>"));
}

TEST(Pivot, MakesATableForEachOfTheOtherFactors) {
  const std::string html = PivotsHtml(MakeTable(Crossed({"a", "b"}), false));
  EXPECT_EQ(Count(html, "<table class=\"pivot\">"), 2u);
  EXPECT_THAT(html, HasSubstr("<caption>third b</caption>"));
  // The two with the most values are crossed.
  const std::string many =
      PivotsHtml(MakeTable(Crossed({"a", "b", "c", "d", "e", "f", "g"}), false));
  EXPECT_THAT(many, HasSubstr("<h3>Mean IU by third and lr</h3>"));
  EXPECT_THAT(many, HasSubstr("<caption>decay 1</caption>"));
}

TEST(Pivot, NeedsTwoFactorsAndAPlaceForEachRow) {
  EXPECT_EQ(PivotsHtml(MakeTable(FakeResult("x"), false)), "");
  ExperimentResult one = Crossed({"a"});
  one.runs.resize(2);
  EXPECT_EQ(PivotsHtml(MakeTable(one, false)), "");
  ExperimentResult two = Crossed({"a"});
  two.runs[1].factors = two.runs[0].factors;
  EXPECT_EQ(PivotsHtml(MakeTable(two, false)), "") << "two rows would share a cell";
}

TEST(Pivot, LeavesCellsOfRunsThatAreNotFinished) {
  ExperimentResult result = Crossed({"a"});
  result.runs.erase(result.runs.begin() + 2);
  const std::string html = PivotsHtml(MakeTable(result, false));
  EXPECT_EQ(Count(html, "<td class=\"heat\""), 5u);
  EXPECT_EQ(Count(html, "<td>–</td>"), 1u);
  EXPECT_THAT(html, Not(HasSubstr("nan")));
}

TEST(ShownRows, GiveEachItsColor) {
  ExperimentResult result = FakeResult("x");
  result.runs.clear();
  for (const char* run : {"B", "A", "D"}) {
    for (const char* evaluation : {"plain", "crf"}) {
      const bool named = std::string(run) != "A";
      if (!named && std::string(evaluation) == "crf") continue;
      const std::string name = named ? std::string(run) + ", " + evaluation : run;
      result.runs.push_back(FakeRun(name, name, 1, 0.5));
      result.runs.back().evaluation = named ? evaluation : "";
    }
  }
  const ShownRows rows(result, ShownRows::Drawn::kRows);
  EXPECT_EQ(rows.SeriesOf("D, crf", "D, crf").color, 4);
  EXPECT_EQ(rows.SeriesOf("A", "A").color, 2);
  const ShownRows trainings(result, ShownRows::Drawn::kTrainings);
  EXPECT_EQ(trainings.SeriesOf("B", "B").color, 0);
  EXPECT_EQ(trainings.SeriesOf("A", "A").color, 1);
  EXPECT_EQ(trainings.SeriesOf("D", "D").color, 2);
}

TEST(ShownRows, OfManyAreTheBestAndTheBaseline) {
  ExperimentResult result = FakeResult("x");
  result.runs.clear();
  for (int i = 0; i < 20; ++i) {
    const std::string name = "run " + std::to_string(i);
    result.runs.push_back(FakeRun(name, name, 1, 0.3 + 0.01 * i));
  }
  result.baseline = "run 3";
  const ShownRows rows(result, ShownRows::Drawn::kRows);
  int loud = 0;
  for (const RunResult& run : result.runs) loud += rows.SeriesOf(run.name, run.group).quiet ? 0 : 1;
  EXPECT_EQ(loud, 7);
  EXPECT_FALSE(rows.SeriesOf("run 3", "run 3").quiet);
  EXPECT_EQ(rows.SeriesOf("run 3", "run 3").color, 0);
  EXPECT_FALSE(rows.SeriesOf("run 14", "run 14").quiet);
  EXPECT_TRUE(rows.SeriesOf("run 13", "run 13").quiet);
}

}  // namespace
}  // namespace seglab
