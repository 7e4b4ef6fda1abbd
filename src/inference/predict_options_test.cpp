#include "inference/predict_options.h"

#include <gmock/gmock.h>

#include "base/test_error.h"

namespace seglab {
namespace {

using ::testing::HasSubstr;

PredictOptions Read(const char* text) {
  const Json json = ParseJson(text, "test");
  JsonReader reader(json, "eval");
  PredictOptions options;
  options.Read(reader);
  reader.Finish();
  return options;
}

TEST(PredictOptions, ReadsItsMembers) {
  const PredictOptions options = Read(
      R"({"precision": "bfloat16", "scales": [0.5, 1], "flip": true,
          "window": {"size": 321, "stride": 200}, "crf": "deeplab_v2_vgg16"})");
  EXPECT_EQ(options.precision, Precision::kBfloat16);
  EXPECT_EQ(options.scales, (std::vector<double>{0.5, 1}));
  EXPECT_TRUE(options.flip && options.Averages());
  EXPECT_EQ(options.window.size, 321);
  EXPECT_EQ(options.window.stride, 200);
  EXPECT_EQ(options.crf->bilateral_sigma_xy, 65);
  EXPECT_EQ(Read(R"({"window": 513})").window.size, 513);
  EXPECT_TRUE(Read(R"({"crf": true})").crf.has_value());
  EXPECT_FALSE(Read(R"({"crf": false})").crf.has_value());
  EXPECT_FALSE(Read("{}").Averages());
}

TEST(PredictOptions, SaysWhatIsWrong) {
  EXPECT_THAT(ErrorOf([] { Read(R"({"scales": []})"); }), HasSubstr("eval.scales"));
  EXPECT_THAT(ErrorOf([] { Read(R"({"scales": [1, 0]})"); }), HasSubstr("0.01 to 100"));
  EXPECT_THAT(ErrorOf([] { Read(R"({"window": -4})"); }), HasSubstr("eval.window"));
  EXPECT_THAT(ErrorOf([] { Read(R"({"window": {"size": 4, "stride": 5}})"); }),
              HasSubstr("stride"));
  EXPECT_THAT(ErrorOf([] { Read(R"({"window": "all"})"); }), HasSubstr("eval.window"));
  EXPECT_THAT(ErrorOf([] { Read(R"({"crf": {"iterations": -1}})"); }),
              HasSubstr("eval.crf.iterations"));
  EXPECT_THAT(ErrorOf([] { Read(R"({"crf": 3})"); }), HasSubstr("eval.crf"));
}

}  // namespace
}  // namespace seglab
