#include "data/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_error.h"
#include "base/test_folder.h"
#include "base/test_log.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

LabelSet Named(const std::vector<std::string>& names) {
  return {names, std::vector<Color>(names.size())};
}

TEST(CheckSameClasses, AnotherOrderIsAnError) {
  const LabelSet trained = Named({"sky", "road", "car"});
  EXPECT_EQ(LogOf([&] { CheckSameClasses(trained, trained, "a"); }), "");
  EXPECT_THAT(ErrorOf([&] {
                CheckSameClasses(trained, Named({"sky", "car", "road"}), "a");
              }),
              AllOf(HasSubstr("a: class 1 is \"road\""), HasSubstr("\"car\""), HasSubstr("order")));
}

TEST(CheckSameClasses, OtherClassesAreAWarning) {
  EXPECT_THAT(LogOf([] {
                CheckSameClasses(Named({"sky", "car"}), Named({"sky", "cat"}), "a");
              }),
              AllOf(HasSubstr("warning: a: class 1"), HasSubstr("\"car\""), HasSubstr("\"cat\"")));
}

TEST(ClassIndex, IsOfANameOrANumber) {
  const LabelSet labels = Named({"membrane", "cell", "0"});
  EXPECT_EQ(ClassIndex(labels, "membrane", "a"), 0);
  EXPECT_EQ(ClassIndex(labels, "cell", "a"), 1);
  EXPECT_EQ(ClassIndex(labels, "1", "a"), 1);
  EXPECT_EQ(ClassIndex(labels, "0", "a"), 2);  // that is its name
  for (const char* text : {"cel", "3", "-1", "1x", ""}) {
    EXPECT_THAT(ErrorOf([&] { ClassIndex(labels, text, "a.rand"); }),
                AllOf(HasSubstr("a.rand: "), HasSubstr("membrane"), HasSubstr("0 to 2")))
        << text;
  }
}

TEST(LabelsFromJson, ReadsWhatLabelsToJsonWrites) {
  const LabelSet labels = NumberedLabels(300);  // a classifier has more classes than a mask
  const LabelSet read = LabelsFromJson(LabelsToJson(labels), "labels");
  EXPECT_EQ(read.names, labels.names);
  EXPECT_EQ(read.palette, labels.palette);
  EXPECT_THAT(ErrorOf([] {
                LabelsFromJson({{"names", {"a"}}, {"palette", {{1, 2, 256}}}}, "labels");
              }),
              HasSubstr("labels.palette: 256 is outside of 0 to 255"));
}

TEST(ParseLabels, TakesAnyDataSetsClassesFile) {
  const TestFolder folder;
  const std::string path = folder.File("classes.json");
  WriteFileAtomically(path, std::string_view(R"({"names": ["sky", "road"],
      "values": {"255": 1}, "ignore": [7]})"));
  const LabelSet labels = ParseLabels(path, "--labels");
  EXPECT_EQ(labels.names, (std::vector<std::string>{"sky", "road"}));
  EXPECT_EQ(labels.palette[1], VocColor(1));
  EXPECT_EQ(ParseLabels("camvid", "--labels").size(), 11);
  EXPECT_THAT(ErrorOf([] { ParseLabels("vok", "--labels"); }), HasSubstr("--labels: \"vok\""));
  WriteFileAtomically(path, std::string_view(R"({"names": ["sky", "sky"]})"));
  EXPECT_THAT(ErrorOf([&] { ParseLabels(path, "--labels"); }), HasSubstr("twice"));
}

}  // namespace
}  // namespace seglab
