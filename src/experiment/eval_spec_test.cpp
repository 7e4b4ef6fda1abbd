#include "experiment/eval_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_error.h"

namespace seglab {
namespace {

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

}  // namespace
}  // namespace seglab
