#include "report/confusion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report.h"
#include "report/test_result.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(ConfusionTest, OfTheBestRunMostFirst) {
  ExperimentResult result = FakeResult("x");
  result.runs[0].metrics["confusion"] = {{1, 1}, {1, 1}};
  result.runs[3].metrics["confusion"] = {{90, 10}, {40, 60}};  // the best one
  const std::string html = ConfusionSection(result);
  EXPECT_THAT(html, AllOf(HasSubstr("FCN-8s [seed=3]"), HasSubstr("<td>40.0</td><td>20.0</td>"),
                          HasSubstr("<td>10.0</td><td>5.0</td>"), HasSubstr("The whole matrix")));
  EXPECT_LT(html.find("40.0"), html.find("10.0"));
  EXPECT_THAT(ReportHtml(result), HasSubstr("id=\"confusions\""));
}

TEST(ConfusionTest, ManyClassesAreListedAlone) {
  ExperimentResult result = FakeResult("x");
  Json confusion = Json::array();
  for (int i = 0; i < 150; ++i) {
    Json row = Json::array();
    for (int j = 0; j < 150; ++j) row.push_back(i == j ? 100 : i + 1);
    confusion.push_back(row);
  }
  result.runs[0].metrics["confusion"] = confusion;
  EXPECT_THAT(ConfusionSection(result), AllOf(HasSubstr("class 149"), Not(HasSubstr("matrix"))));
}

TEST(ConfusionTest, NothingToSay) {
  ExperimentResult result = FakeResult("x");
  EXPECT_THAT(ConfusionSection(result), IsEmpty()) << "no matrix";
  result.runs[0].metrics["confusion"] = {{9, 0}, {0, 4}};
  EXPECT_THAT(ConfusionSection(result), IsEmpty()) << "no mistake";
  for (const Json& broken : {Json(3), Json{{1, 2}, {3}}, Json{{1, "x"}, {0, 1}}})
    EXPECT_THAT(ConfusionOf({{"confusion", broken}}), IsEmpty());
}

}  // namespace
}  // namespace seglab
