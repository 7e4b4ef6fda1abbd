#include "crf/options.h"

#include <gmock/gmock.h>

#include "base/test_error.h"

namespace seglab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

CrfOptions Read(const char* text) { return CrfOptions::FromJson(ParseJson(text, "test"), "crf"); }

TEST(CrfOptionsTest, ANameIsAPublishedSet) {
  const CrfOptions options = Read(R"("deeplab_v2_resnet101")");
  EXPECT_EQ(options.bilateral_weight, 4);
  EXPECT_EQ(options.bilateral_sigma_xy, 67);
  EXPECT_EQ(options.bilateral_sigma_rgb, 3);
  EXPECT_EQ(options.gaussian_weight, 3);
  EXPECT_EQ(options.gaussian_sigma_xy, 1);
  EXPECT_EQ(options.iterations, 10);
}

TEST(CrfOptionsTest, AnObjectChangesAPreset) {
  const CrfOptions options =
      Read(R"({"preset": "pydensecrf", "iterations": 5, "normalisation": "after"})");
  EXPECT_EQ(options.bilateral_weight, 10);
  EXPECT_EQ(options.iterations, 5);
  EXPECT_EQ(options.normalisation, Normalisation::kAfter);
}

TEST(CrfOptionsTest, WhatIsWrittenIsRead) {
  for (const CrfPreset& preset : CrfPresets()) {
    CrfOptions options = preset.options;
    options.compatibility = {{0, 2}, {1, 0}};
    const Json json = options.ToJson();
    EXPECT_EQ(CrfOptions::FromJson(json, "crf").ToJson(), json);
  }
}

TEST(CrfOptionsTest, SaysWhatIsWrong) {
  EXPECT_THAT(ErrorOf([] { Read(R"("deeplab_v3")"); }),
              AllOf(HasSubstr("deeplab_v3"), HasSubstr("deeplab_v2_vgg16")));
  EXPECT_THAT(ErrorOf([] { Read(R"({"bilateral_sigma_xy": 0})"); }),
              AllOf(HasSubstr("crf.bilateral_sigma_xy"), HasSubstr("above 0")));
  EXPECT_THAT(ErrorOf([] { Read(R"({"bilateral_sigma_rgb": -3})"); }), HasSubstr("is -3"));
  EXPECT_THAT(ErrorOf([] { Read(R"({"gaussian_weight": -1})"); }), HasSubstr("0 or more"));
  EXPECT_THAT(ErrorOf([] { Read(R"({"iterations": -1})"); }), HasSubstr("iterations"));
  EXPECT_THAT(ErrorOf([] { Read(R"({"sigma": 1})"); }), HasSubstr("sigma"));
  EXPECT_THAT(ErrorOf([] { Read(R"({"compatibility": [[0, 1], [1]]})"); }), HasSubstr("square"));
  EXPECT_THAT(ErrorOf([] { Read(R"({"normalisation": "symetric"})"); }), HasSubstr("symmetric"));
}

}  // namespace
}  // namespace seglab
