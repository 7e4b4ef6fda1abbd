#include "regions/svm_options.h"

#include <gmock/gmock.h>

#include "base/test_error.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

SvmOptions ReadSvm(const char* text) {
  return SvmOptions::FromJson(ParseJson(text, "test"), "svm");
}
SvrOptions ReadSvr(const char* text) {
  return SvrOptions::FromJson(ParseJson(text, "test"), "svr");
}

TEST(SvmOptionsTest, DefaultsAreThoseOfRcnn) {
  const SvmOptions options = ReadSvm("{}");
  EXPECT_EQ(options.cost, 1e-3);
  EXPECT_EQ(options.bias_multiplier, 10);
  EXPECT_EQ(options.positive_weight, 2);
}

TEST(SvmOptionsTest, WhatIsWrittenIsRead) {
  const SvmOptions svm = ReadSvm(
      R"({"cost": 2, "bias_multiplier": 0, "positive_weight": 3, "tolerance": 0.5, "seed": 9})");
  EXPECT_EQ(svm.positive_weight, 3);
  EXPECT_EQ(SvmOptions::FromJson(svm.ToJson(), "svm").ToJson(), svm.ToJson());
  const SvrOptions svr = ReadSvr(
      R"({"loss": "squared", "cost": 2, "bias_multiplier": 1, "tube": 0, "tolerance": 0.5, "seed": 9})");
  EXPECT_EQ(svr.loss, SvrLoss::kSquared);
  EXPECT_EQ(SvrOptions::FromJson(svr.ToJson(), "svr").ToJson(), svr.ToJson());
}

TEST(SvmOptionsTest, SaysWhatIsWrong) {
  EXPECT_THAT(ErrorOf([] { ReadSvm(R"({"cost": 0})"); }),
              AllOf(HasSubstr("svm.cost"), HasSubstr("above 0")));
  EXPECT_THAT(ErrorOf([] { ReadSvm(R"({"bias_multiplier": -1})"); }), HasSubstr("0 or more"));
  EXPECT_THAT(ErrorOf([] { ReadSvm(R"({"positive_weight": -1})"); }), HasSubstr("is -1"));
  EXPECT_THAT(ErrorOf([] { ReadSvm(R"({"tolerance": 0})"); }), HasSubstr("svm.tolerance"));
  EXPECT_THAT(ErrorOf([] { ReadSvm(R"({"costs": 1})"); }), HasSubstr("cost"));
  EXPECT_THAT(ErrorOf([] { ReadSvr(R"({"loss": "square"})"); }), HasSubstr("squared"));
  EXPECT_THAT(ErrorOf([] { ReadSvr(R"({"tube": -0.1})"); }), HasSubstr("svr.tube"));
  EXPECT_THAT(ErrorOf([] { ReadSvr(R"({"cost": -1})"); }), HasSubstr("svr.cost"));
}

}  // namespace
}  // namespace seglab
