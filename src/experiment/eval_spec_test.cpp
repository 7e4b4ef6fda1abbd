#include "experiment/eval_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_error.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::vector<std::string> NamesIn(const std::string& text) {
  std::vector<std::string> names;
  for (const EvalSpec& spec : EvalSpecs(ParseJson(text, "test"), "A.eval"))
    names.push_back(spec.name);
  return names;
}

TEST(EvalSpecs, OptionsAreOneEvaluationWithoutName) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(NamesIn("null"), Names{""});
  EXPECT_EQ(NamesIn("{}"), Names{""});
  EXPECT_EQ(NamesIn(R"({"absent": "truth"})"), Names{""});
  EXPECT_EQ(NamesIn(R"({"data": {"split": "val2"}})"), Names{""});
  EXPECT_EQ(NamesIn(R"({"plain": {}, "crf": {"absent": "truth"}})"), (Names{"plain", "crf"}));
  EXPECT_EQ(NamesIn(R"({"plain": {}})"), Names{"plain"});
}

TEST(EvalSpecs, NamesCanBePartOfFileNames) {
  for (const char* name : {"", "a/b", "..\\n"}) {
    const Json eval = {{name, Json::object()}, {"plain", Json::object()}};
    EXPECT_THAT(ErrorOf([&] { EvalSpecs(eval, "A.eval"); }), HasSubstr("A.eval: ")) << name;
  }
  EXPECT_THAT(ErrorOf([] { EvalSpecs(3, "A.eval"); }), HasSubstr("must be an object"));
}

TEST(EvalSpecs, ANameMayBeThatOfAnOption) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(NamesIn(R"({"crf": {"absent": "one"}})"), Names{"crf"});
  EXPECT_EQ(NamesIn(R"({"crf": {}, "flip": {}})"), (Names{"crf", "flip"}));
  EXPECT_EQ(NamesIn(R"({"crf": {}, "flip": true})"), Names{""});
  EXPECT_EQ(NamesIn(R"({"crf": {}, "data": {}})"), Names{""});
}

TEST(EvalSpecs, OptionsBesideNamesAreErrors) {
  for (const char* text :
       {R"({"absent": "one", "plain": {}})", R"({"plain": {}, "absent": "one"})"}) {
    EXPECT_THAT(ErrorOf([&] { NamesIn(text); }),
                AllOf(HasSubstr("A.eval: \"plain\""), HasSubstr("{\"plain\": {\"absent\": ...}}")))
        << text;
  }
}

TEST(EvalSpecs, ANameHasAtMost60Bytes) {
  const auto with = [](size_t size) { return Json{{std::string(size, 'a'), Json::object()}}; };
  EXPECT_EQ(EvalSpecs(with(60), "A.eval").size(), 1u);
  EXPECT_THAT(ErrorOf([&] { EvalSpecs(with(61), "A.eval"); }), HasSubstr("1 to 60"));
}

}  // namespace
}  // namespace seglab
