#include "regions/mining_options.h"

#include <gmock/gmock.h>

#include "base/test_error.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

MiningOptions ReadMining(const char* text) {
  return MiningOptions::FromJson(ParseJson(text, "test"), "mining");
}

TEST(MiningOptionsTest, DefaultsAreThoseOfRcnn) {
  const MiningOptions options = ReadMining("{}");
  EXPECT_EQ(options.scale.mean_norm, 20);
  EXPECT_EQ(options.negative_overlap, .3);
  EXPECT_EQ(options.positive_overlap, 0);
  EXPECT_EQ(options.add_above, -1.0001);
  EXPECT_EQ(options.evict_below, -1.2);
  EXPECT_EQ(options.retrain_after, 2000);
  EXPECT_EQ(options.passes, 1);
}

TEST(MiningOptionsTest, WhatIsWrittenIsRead) {
  const MiningOptions options = ReadMining(
      R"({"svm": {"cost": 2}, "scale": {"mean_norm": 1, "seed": 3}, "negative_overlap": 0.2,
          "positive_overlap": 0.5, "add_above": -1, "evict_below": -2, "retrain_after": 5,
          "passes": 6, "max_negatives": 7})");
  EXPECT_EQ(options.svm.cost, 2);
  EXPECT_EQ(options.scale.seed, 3u);
  EXPECT_EQ(options.max_negatives, 7);
  EXPECT_EQ(MiningOptions::FromJson(options.ToJson(), "mining").ToJson(), options.ToJson());
}

TEST(MiningOptionsTest, SaysWhatIsWrong) {
  EXPECT_THAT(ErrorOf([] { ReadMining(R"({"svm": {"cost": 0}})"); }), HasSubstr("mining.svm.cost"));
  EXPECT_THAT(ErrorOf([] { ReadMining(R"({"scale": {"images": 0}})"); }),
              HasSubstr("mining.scale.images"));
  EXPECT_THAT(ErrorOf([] { ReadMining(R"({"negative_overlap": 1.5})"); }), HasSubstr("0 to 1"));
  EXPECT_THAT(ErrorOf([] { ReadMining(R"({"positive_overlap": 0.2})"); }), HasSubstr("both"));
  EXPECT_THAT(ErrorOf([] { ReadMining(R"({"evict_below": -0.5})"); }),
              AllOf(HasSubstr("mining.evict_below"), HasSubstr("without end")));
  EXPECT_THAT(ErrorOf([] { ReadMining(R"({"passes": 0})"); }), HasSubstr("1 or more"));
  EXPECT_THAT(ErrorOf([] { ReadMining(R"({"retrain_after": 0})"); }), HasSubstr("1 or more"));
  EXPECT_THAT(ErrorOf([] { ReadMining(R"({"max_negatives": -1})"); }), HasSubstr("0 or more"));
  EXPECT_THAT(ErrorOf([] { ReadMining(R"({"pass": 2})"); }), HasSubstr("passes"));
}

}  // namespace
}  // namespace seglab
