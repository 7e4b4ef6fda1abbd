#include "regions/paste_options.h"

#include <gmock/gmock.h>

#include "base/test_error.h"

namespace seglab {
namespace {

using ::testing::HasSubstr;

PasteOptions ReadPaste(const char* text) {
  return PasteOptions::FromJson(ParseJson(text, "test"), "paste");
}
ThresholdOptions ReadThreshold(const char* text) {
  return ThresholdOptions::FromJson(ParseJson(text, "test"), "threshold");
}

TEST(PasteOptionsTest, DefaultsAreThePublishedOnes) {
  const PasteOptions paste = ReadPaste("{}");
  EXPECT_EQ(paste.threshold, -1);
  EXPECT_EQ(paste.max_segments, 10);
  EXPECT_EQ(paste.simplicity_bias, 0);
  const ThresholdOptions threshold = ReadThreshold("{}");
  EXPECT_EQ(threshold.goal, ThresholdOptions::Goal::kSegments);
  EXPECT_EQ(threshold.first, -1);
  EXPECT_EQ(threshold.step, .01);
  EXPECT_EQ(threshold.max_average, 2.2);
}

TEST(PasteOptionsTest, WhatIsWrittenIsRead) {
  const PasteOptions paste = ReadPaste(
      R"({"threshold": 0.5, "max_segments": 3, "top_regions": 4, "nms_overlap": 0.25,
          "simplicity_bias": 0.02, "margin": 2})");
  EXPECT_EQ(paste.nms_overlap, .25);
  EXPECT_EQ(PasteOptions::FromJson(paste.ToJson(), "paste").ToJson(), paste.ToJson());
  const ThresholdOptions threshold = ReadThreshold(
      R"({"goal": "mean_iou", "first": -2, "step": 0.1, "last": 3, "max_average": 1})");
  EXPECT_EQ(threshold.goal, ThresholdOptions::Goal::kMeanIou);
  EXPECT_EQ(ThresholdOptions::FromJson(threshold.ToJson(), "threshold").ToJson(),
            threshold.ToJson());
}

TEST(PasteOptionsTest, SaysWhatIsWrong) {
  EXPECT_THAT(ErrorOf([] { ReadPaste(R"({"threshold": 1e9})"); }), HasSubstr("paste.threshold"));
  EXPECT_THAT(ErrorOf([] { ReadPaste(R"({"max_segments": 0})"); }), HasSubstr("1 or more"));
  EXPECT_THAT(ErrorOf([] { ReadPaste(R"({"top_regions": -1})"); }), HasSubstr("0 for all"));
  EXPECT_THAT(ErrorOf([] { ReadPaste(R"({"nms_overlap": 1.1})"); }), HasSubstr("0 to 1"));
  EXPECT_THAT(ErrorOf([] { ReadPaste(R"({"simplicity_bias": -1})"); }), HasSubstr("0 or more"));
  EXPECT_THAT(ErrorOf([] { ReadPaste(R"({"margin": 0})"); }), HasSubstr("above 0"));
  EXPECT_THAT(ErrorOf([] { ReadPaste(R"({"nms": 1})"); }), HasSubstr("nms"));
  EXPECT_THAT(ErrorOf([] { ReadThreshold(R"({"goal": "segment"})"); }), HasSubstr("segments"));
  EXPECT_THAT(ErrorOf([] { ReadThreshold(R"({"first": 2})"); }), HasSubstr("threshold.last"));
  EXPECT_THAT(ErrorOf([] { ReadThreshold(R"({"step": 0})"); }), HasSubstr("above 0"));
  EXPECT_THAT(ErrorOf([] { ReadThreshold(R"({"step": 1e-5})"); }), HasSubstr("10000 thresholds"));
  EXPECT_THAT(ErrorOf([] { ReadThreshold(R"({"max_average": -1})"); }), HasSubstr("0 or more"));
}

}  // namespace
}  // namespace seglab
