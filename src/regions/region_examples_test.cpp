#include "regions/region_examples.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/test_error.h"
#include "regions/test_examples.h"

namespace seglab {
namespace {

using ::testing::HasSubstr;

TEST(FeatureScaleTest, BringsTheMeanNormToTheTarget) {
  TestExamples examples({"a"}, 2);
  // Norms 5, 0 and 13: their mean is 6.
  examples.Add({{{3, 4}, -1, {0}}, {{0, 0}, -1, {0}}});
  examples.Add({{{-5, 12}, 0, {1}}});
  EXPECT_DOUBLE_EQ(FeatureScale(examples, {}), 20. / 6);
  ScaleOptions as_is;
  as_is.mean_norm = 0;
  EXPECT_EQ(FeatureScale(examples, as_is), 1);
}

TEST(FeatureScaleTest, LooksAtSoManyImagesAndRegions) {
  TestExamples examples({"a"}, 1);
  for (int image = 0; image < 4; ++image) {
    // All regions of an image are equal, and images differ by powers of ten.
    const auto value = static_cast<float>(std::pow(10., image));
    examples.Add(std::vector<TestRegion>(5, {{value}, -1, {0}}));
  }
  ScaleOptions options;
  options.images = 1;
  options.regions = 2;
  options.mean_norm = 1000;
  const double scale = FeatureScale(examples, options);
  EXPECT_THAT((std::vector<double>{1000, 100, 10, 1}), ::testing::Contains(scale));
  EXPECT_EQ(examples.features_read(), 1);
  EXPECT_EQ(FeatureScale(examples, options), scale);  // the same seed
  bool differs = false;
  for (options.seed = 1; options.seed < 20; ++options.seed) {
    differs = differs || FeatureScale(examples, options) != scale;
  }
  EXPECT_TRUE(differs);
}

TEST(FeatureScaleTest, SaysWhatIsWrong) {
  TestExamples zeros({"a"}, 1);
  zeros.Add({{{0}, 0, {1}}});
  EXPECT_THAT(ErrorOf([&] { FeatureScale(zeros, {}); }), HasSubstr("mean norm of 1 rows is 0"));
  EXPECT_THAT(ErrorOf([] { FeatureScale(TestExamples({"a"}, 1), {}); }), HasSubstr("of 0 rows"));
  EXPECT_THAT(ErrorOf([] {
                ScaleOptions::FromJson({{"images", 0}}, "scale");
              }),
              HasSubstr("scale.images"));
  EXPECT_THAT(ErrorOf([] {
                ScaleOptions::FromJson({{"regions", 0}}, "scale");
              }),
              HasSubstr("scale.regions"));
  EXPECT_THAT(ErrorOf([] {
                ScaleOptions::FromJson({{"mean_norm", -1}}, "scale");
              }),
              HasSubstr("0 or more"));
}

TEST(ReadImageTest, RefusesLabelsOfAnotherSize) {
  TestExamples examples({"a", "b"}, 1);
  examples.Add({{{1}, 0, {1, 0}}});
  examples.Add({{{1}, 0, {1}}});
  EXPECT_EQ(ReadImage(examples, 0).features.view.rows, 1);
  EXPECT_THROW(ReadImage(examples, 1), std::logic_error);
}

}  // namespace
}  // namespace seglab
