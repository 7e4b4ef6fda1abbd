#include "data/transforms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"
#include "data/color_jitter.h"

namespace seglab {
namespace {

constexpr Color kFill = {7, 123, 201};
constexpr int kBlock = 16;

bool Equal(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

/// Blocks of 16 x 16 pixels, each with its own label and a grey of 15 times the label.
Sample Blocks(int height = 64, int width = 80) {
  Sample sample;
  sample.image.create(height, width, CV_8UC3);
  sample.truth.LabelMap().create(height, width, CV_8UC1);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const uint8_t label =
          static_cast<uint8_t>((y / kBlock * ((width + kBlock - 1) / kBlock) + x / kBlock) % 17);
      const uint8_t grey = static_cast<uint8_t>(15 * label);
      sample.truth.LabelMap().at<uint8_t>(y, x) = label;
      sample.image.at<cv::Vec3b>(y, x) = {grey, grey, grey};
    }
  }
  return sample;
}

Sample Noise(int height, int width) {
  Sample sample = Blocks(height, width);
  RandomStream random(5);
  for (auto it = sample.image.begin<cv::Vec3b>(); it != sample.image.end<cv::Vec3b>(); ++it) {
    for (int c = 0; c < 3; ++c) (*it)[c] = static_cast<uint8_t>(random.Int(256));
  }
  return sample;
}

Sample Apply(const std::string& json, Sample sample, uint64_t seed = 1) {
  RandomStream random(seed);
  for (const Transform& transform : MakeTransforms(ParseJson(json, "test"), kFill, "transforms")) {
    transform(sample, random);
  }
  return sample;
}

std::string Message(const std::string& json) {
  return ErrorOf([&] { MakeTransforms(ParseJson(json, "test"), kFill, "train.transforms"); });
}

/// Wherever a label is alone within two pixels, the image must have its grey, or the fill where it
/// is void. Returns how many pixels were compared.
int ExpectPaired(const Sample& sample, const std::string& what) {
  EXPECT_EQ(sample.image.size(), sample.truth.LabelMap().size()) << what;
  int compared = 0, wrong = 0;
  constexpr int kReach = 2;
  for (int y = kReach; y + kReach < sample.truth.LabelMap().rows; ++y) {
    for (int x = kReach; x + kReach < sample.truth.LabelMap().cols; ++x) {
      const uint8_t label = sample.truth.LabelMap().at<uint8_t>(y, x);
      const cv::Mat around = sample.truth.LabelMap()(cv::Rect(x - kReach, y - kReach, 5, 5));
      if (cv::countNonZero(around == label) != 25) continue;
      ++compared;
      const cv::Vec3b pixel = sample.image.at<cv::Vec3b>(y, x);
      for (int c = 0; c < 3; ++c) {
        const int expected = label == kIgnoreLabel ? kFill[c] : 15 * label;
        if (std::abs(pixel[c] - expected) > 1) ++wrong;
      }
    }
  }
  EXPECT_EQ(wrong, 0) << what;
  return compared;
}

TEST(TransformsTest, ImageAndLabelMoveTogether) {
  const std::vector<std::string> chains = {
      R"([{"name": "resize", "height": 100, "width": 50}])",
      R"([{"name": "resize", "height": 48, "width": 160}])",
      R"([{"name": "resize_short", "side": 50}])",
      R"([{"name": "resize_short", "side": 111}])",
      R"([{"name": "random_scale", "min": 0.6, "max": 2.0}])",
      R"([{"name": "random_scale", "values": [0.75, 1, 1.5]}])",
      R"([{"name": "random_crop", "height": 33, "width": 47}])",
      R"([{"name": "random_crop", "height": 33, "width": 100}])",
      R"([{"name": "center_crop", "height": 41, "width": 90}])",
      R"([{"name": "pad", "height": 70, "width": 101}])",
      R"([{"name": "flip"}])",
      R"([{"name": "random_scale"}, {"name": "random_crop", "height": 72, "width": 72},
          {"name": "flip"}])",
      R"([{"name": "rotate", "degrees": 180}])",
      R"([{"name": "rotate", "degrees": 30, "border": "mirror"}])",
      R"([{"name": "elastic", "sigma": 3}])",
      R"([{"name": "elastic", "sigma": 3, "border": "fill"}])",
      R"([{"name": "random_crop", "height": 60, "width": 90}, {"name": "rotate"},
          {"name": "flip"}, {"name": "pad", "height": 70, "width": 99}])",
  };
  for (const std::string& chain : chains) {
    for (uint64_t seed = 0; seed < 4; ++seed) {
      EXPECT_GT(ExpectPaired(Apply(chain, Blocks(), seed), chain), 200) << chain;
    }
  }
}

TEST(TransformsTest, SameStreamGivesTheSameSample) {
  const std::string chain = R"([{"name": "random_scale"}, {"name": "random_crop", "height": 40,
      "width": 40}, {"name": "flip"}, {"name": "color_jitter", "brightness": 0.4, "contrast": 0.4,
      "saturation": 0.4, "hue": 0.1}, {"name": "rotate"}, {"name": "elastic"}, {"name": "blur"},
      {"name": "noise"}, {"name": "cutout"}])";
  const Sample a = Apply(chain, Noise(64, 80), 3), b = Apply(chain, Noise(64, 80), 3);
  const Sample c = Apply(chain, Noise(64, 80), 4);
  EXPECT_TRUE(Equal(a.image, b.image));
  EXPECT_TRUE(Equal(a.truth.LabelMap(), b.truth.LabelMap()));
  EXPECT_FALSE(Equal(a.image, c.image));
}

TEST(TransformsTest, NeverWritesToThePixelsItWasGiven) {
  const Sample given = Noise(48, 64);
  const cv::Mat image = given.image.clone(), label = given.truth.LabelMap().clone();
  for (const char* chain :
       {R"([{"name": "flip", "probability": 1}])",
        R"([{"name": "pad", "height": 50, "width": 70}])",
        R"([{"name": "random_crop", "height": 20, "width": 20}, {"name": "flip", "probability": 1},
            {"name": "color_jitter", "brightness": 0.9}])",
        R"([{"name": "color_jitter", "brightness": 0.9, "contrast": 0.5, "saturation": 0.5,
            "hue": 0.5}])",
        R"([{"name": "rotate"}, {"name": "elastic"}])", R"([{"name": "elastic"}])",
        R"([{"name": "blur", "probability": 1}, {"name": "noise", "probability": 1}])",
        R"([{"name": "noise", "probability": 1}])",
        R"([{"name": "flip", "probability": 0}, {"name": "cutout"}])", R"([{"name": "cutout"}])"}) {
    Apply(chain, given);
    EXPECT_TRUE(Equal(given.image, image)) << chain;
    EXPECT_TRUE(Equal(given.truth.LabelMap(), label)) << chain;
  }
}

TEST(TransformsTest, TakesClassificationSamples) {
  Sample sample = Noise(48, 64);
  sample.truth.LabelMap().release();
  sample.truth = Category{4};
  const Sample result = Apply(R"([{"name": "resize_short", "side": 40}, {"name": "random_scale"},
      {"name": "pad", "height": 80, "width": 80},
      {"name": "random_crop", "height": 36, "width": 37},
      {"name": "center_crop", "height": 35, "width": 34}, {"name": "flip", "probability": 1},
      {"name": "rotate"}, {"name": "elastic"}, {"name": "blur", "probability": 1},
      {"name": "noise", "probability": 1}, {"name": "cutout"},
      {"name": "color_jitter", "hue": 0.2}, {"name": "resize", "height": 32, "width": 30}])",
                              sample);
  EXPECT_FALSE(result.truth.HasLabelMap());
  EXPECT_EQ(result.truth.CategoryIndex(), 4);
  EXPECT_EQ(result.image.size(), cv::Size(30, 32));
}

TEST(TransformsTest, SizesAreThoseAskedFor) {
  const auto size = [](const std::string& chain) {
    return Apply(chain, Blocks(64, 80)).image.size();
  };
  EXPECT_EQ(size(R"([{"name": "resize", "height": 7, "width": 9}])"), cv::Size(9, 7));
  EXPECT_EQ(size(R"([{"name": "resize_short", "side": 33}])"), cv::Size(41, 33));  // 41.25
  EXPECT_EQ(size(R"([{"name": "random_scale", "values": [0.5]}])"), cv::Size(40, 32));
  EXPECT_EQ(size(R"([{"name": "random_crop", "height": 20, "width": 99}])"), cv::Size(99, 20));
  EXPECT_EQ(size(R"([{"name": "center_crop", "height": 99, "width": 20}])"), cv::Size(20, 99));
  EXPECT_EQ(size(R"([{"name": "pad", "height": 10, "width": 99}])"), cv::Size(99, 64));
}

TEST(TransformsTest, PadsRightAndBottom) {
  const Sample given = Noise(40, 30);
  for (const char* name : {"pad", "random_crop", "center_crop"}) {
    const Sample padded =
        Apply(std::string(R"([{"name": ")") + name + R"(", "height": 50, "width": 45}])", given);
    const cv::Rect inside(0, 0, 30, 40);
    EXPECT_TRUE(Equal(padded.image(inside), given.image)) << name;
    EXPECT_TRUE(Equal(padded.truth.LabelMap()(inside), given.truth.LabelMap())) << name;
    for (const cv::Rect& outside : {cv::Rect(30, 0, 15, 50), cv::Rect(0, 40, 45, 10)}) {
      EXPECT_TRUE(Equal(padded.truth.LabelMap()(outside),
                        cv::Mat(outside.size(), CV_8UC1, cv::Scalar(255))));
      EXPECT_TRUE(Equal(padded.image(outside), cv::Mat(outside.size(), CV_8UC3,
                                                       cv::Scalar(kFill[0], kFill[1], kFill[2]))));
    }
  }
}

TEST(TransformsTest, RandomCropReachesEveryPlace) {
  Sample given;
  given.image = cv::Mat(4, 5, CV_8UC3, cv::Scalar::all(0));
  given.truth.LabelMap().create(4, 5, CV_8UC1);
  for (int i = 0; i < 20; ++i)
    given.truth.LabelMap().at<uint8_t>(i / 5, i % 5) = static_cast<uint8_t>(i);
  std::set<int> corners;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Sample crop = Apply(R"([{"name": "random_crop", "height": 3, "width": 3}])", given, seed);
    corners.insert(crop.truth.LabelMap().at<uint8_t>(0, 0));
  }
  EXPECT_EQ(corners, (std::set<int>{0, 1, 2, 5, 6, 7}));
}

TEST(TransformsTest, CenterCropTakesTheMiddle) {
  const Sample given = Noise(41, 50);
  const Sample crop = Apply(R"([{"name": "center_crop", "height": 20, "width": 30}])", given);
  EXPECT_TRUE(Equal(crop.image, given.image(cv::Rect(10, 10, 30, 20))));
}

TEST(TransformsTest, FlippingTwiceIsIdentity) {
  const Sample given = Noise(31, 47);
  const Sample once = Apply(R"([{"name": "flip", "probability": 1}])", given);
  EXPECT_FALSE(Equal(once.image, given.image));
  EXPECT_EQ(once.truth.LabelMap().at<uint8_t>(5, 0), given.truth.LabelMap().at<uint8_t>(5, 46));
  const Sample twice = Apply(R"([{"name": "flip", "probability": 1}])", once);
  EXPECT_TRUE(Equal(twice.image, given.image));
  EXPECT_TRUE(Equal(twice.truth.LabelMap(), given.truth.LabelMap()));
  const Sample never = Apply(R"([{"name": "flip", "probability": 0}])", given);
  EXPECT_TRUE(Equal(never.image, given.image));
}

TEST(TransformsTest, RandomScaleKeepsToItsRange) {
  std::set<int> widths;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const cv::Mat image =
        Apply(R"([{"name": "random_scale", "min": 0.5, "max": 2.0, "step": 0.25}])", Blocks(32, 40),
              seed)
            .image;
    EXPECT_EQ(image.rows * 40, image.cols * 32);
    widths.insert(image.cols);
  }
  EXPECT_EQ(widths, (std::set<int>{20, 30, 40, 50, 60, 70, 80}));
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const cv::Mat image =
        Apply(R"([{"name": "random_scale", "min": 0.8, "max": 1.2}])", Blocks(100, 100), seed)
            .image;
    EXPECT_GE(image.rows, 80);
    EXPECT_LE(image.rows, 120);
  }
}

// Cut, mirrored and padded in any order: one resampling makes what the steps one by one make.
TEST(TransformsTest, AChainIsItsSteps) {
  const std::vector<std::string> steps = {R"({"name": "random_crop", "height": 40, "width": 90})",
                                          R"({"name": "flip", "probability": 1})",
                                          R"({"name": "rotate"})",
                                          R"({"name": "pad", "height": 70, "width": 101})",
                                          R"({"name": "noise", "probability": 1})",
                                          R"({"name": "elastic"})",
                                          R"({"name": "center_crop", "height": 60, "width": 50})",
                                          R"({"name": "flip", "probability": 1})",
                                          R"({"name": "pad", "height": 64, "width": 64})",
                                          R"({"name": "resize", "height": 50, "width": 80})",
                                          R"({"name": "flip", "probability": 1})",
                                          R"({"name": "cutout"})",
                                          R"({"name": "random_crop", "height": 30, "width": 30})"};
  std::string chain;
  Sample apart = Blocks();
  RandomStream random(3, 0, 0);
  for (const std::string& step : steps) {
    chain += (chain.empty() ? "[" : ", ") + step;
    for (const Transform& transform :
         MakeTransforms(ParseJson("[" + step + "]", "test"), kFill, "test"))
      transform(apart, random);
  }
  Sample whole = Blocks();
  RandomStream same(3, 0, 0);
  for (const Transform& transform : MakeTransforms(ParseJson(chain + "]", "test"), kFill, "test"))
    transform(whole, same);
  EXPECT_TRUE(Equal(apart.truth.LabelMap(), whole.truth.LabelMap()));
  EXPECT_TRUE(Equal(apart.image, whole.image));
}

TEST(ColorJitterTest, ZerosAreIdentity) {
  const Sample given = Noise(20, 20);
  EXPECT_TRUE(Equal(Apply(R"([{"name": "color_jitter"}])", given).image, given.image));
  EXPECT_TRUE(Equal(Apply(R"([{"name": "color_jitter", "brightness": 0, "contrast": 0,
      "saturation": 0.0, "hue": 0.0}])",
                          given)
                        .image,
                    given.image));
  EXPECT_TRUE(Equal(AdjustBrightness(given.image, 1.0), given.image));
  EXPECT_TRUE(Equal(AdjustContrast(given.image, 1.0), given.image));
  EXPECT_TRUE(Equal(AdjustSaturation(given.image, 1.0), given.image));
}

TEST(ColorJitterTest, FollowsTheFormulas) {
  const cv::Mat image = Noise(24, 24).image;
  const auto grey = [](const cv::Vec3b& p) { return 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]; };
  double mean = 0;
  for (auto it = image.begin<cv::Vec3b>(); it != image.end<cv::Vec3b>(); ++it)
    mean += grey(*it) / 576;
  for (const double factor : {0.0, 0.4, 1.7, 50.0}) {
    const cv::Mat bright = AdjustBrightness(image, factor);
    const cv::Mat contrast = AdjustContrast(image, factor);
    const cv::Mat saturation = AdjustSaturation(image, factor);
    // Greys are rounded before they are extrapolated from.
    const double tolerance = 1.0 + 0.5 * std::abs(1.0 - factor);
    for (int y = 0; y < 24; ++y) {
      for (int x = 0; x < 24; ++x) {
        const cv::Vec3b pixel = image.at<cv::Vec3b>(y, x);
        for (int c = 0; c < 3; ++c) {
          const auto blend = [&](double other) {
            return std::clamp(factor * pixel[c] + (1 - factor) * other, 0.0, 255.0);
          };
          EXPECT_NEAR(bright.at<cv::Vec3b>(y, x)[c], blend(0.0), 1.0);
          EXPECT_NEAR(contrast.at<cv::Vec3b>(y, x)[c], blend(mean), tolerance);
          EXPECT_NEAR(saturation.at<cv::Vec3b>(y, x)[c], blend(grey(pixel)), tolerance);
        }
      }
    }
  }
}

TEST(ColorJitterTest, HueTurns) {
  const cv::Mat red(4, 4, CV_8UC3, cv::Scalar(200, 0, 0));
  const cv::Vec3b third = AdjustHue(red, 1.0 / 3.0).at<cv::Vec3b>(0, 0);
  EXPECT_NEAR(third[0], 0, 6);
  EXPECT_NEAR(third[1], 200, 6);
  EXPECT_NEAR(third[2], 0, 6);
  const cv::Vec3b back = AdjustHue(red, -1.0 / 3.0).at<cv::Vec3b>(0, 0);
  EXPECT_NEAR(back[2], 200, 6);
  const cv::Mat grey(4, 4, CV_8UC3, cv::Scalar(90, 90, 90));
  EXPECT_TRUE(Equal(AdjustHue(grey, 0.4), grey));
}

TEST(ColorJitterTest, FactorsKeepToTheirRange) {
  const cv::Mat image(1, 1, CV_8UC3, cv::Scalar(100, 100, 100));
  ColorJitter jitter;
  jitter.brightness = 0.4;
  int least = 255, most = 0;
  for (uint64_t seed = 0; seed < 500; ++seed) {
    RandomStream random(seed);
    const int value = JitterColors(image, jitter, random).at<cv::Vec3b>(0, 0)[0];
    least = std::min(least, value);
    most = std::max(most, value);
  }
  EXPECT_GE(least, 60);
  EXPECT_LE(least, 63);
  EXPECT_GE(most, 137);
  EXPECT_LE(most, 140);
}

/// A chain of one transform with its defaults, what it needs being 8.
std::string ChainOf(const std::string& name) {
  std::string members;
  if (name == "resize_short") members = R"(, "side": 8)";
  if (name == "resize" || name == "pad" || name.find("crop") != std::string::npos)
    members = R"(, "height": 8, "width": 8)";
  return R"([{"name": ")" + name + "\"" + members + "}]";
}

TEST(TransformsTest, EveryNameTakesEverySample) {
  EXPECT_EQ(TransformNames().size(), 13u);
  for (const std::string& name : TransformNames()) {
    for (const cv::Size& size : {cv::Size(16, 16), cv::Size(1, 1), cv::Size(7, 5)}) {
      for (uint64_t seed = 0; seed < 4; ++seed) {
        const Sample result = Apply(ChainOf(name), Noise(size.height, size.width), seed);
        const cv::Mat& label = result.truth.LabelMap();
        ASSERT_FALSE(result.image.empty()) << name;
        EXPECT_EQ(result.image.type(), CV_8UC3) << name;
        EXPECT_EQ(result.image.size(), label.size()) << name;
        EXPECT_EQ(label.type(), CV_8UC1) << name;
        // Blocks of this size have label 0 alone.
        EXPECT_EQ(cv::countNonZero((label != 0) & (label != kIgnoreLabel)), 0) << name;
        Sample classified = Noise(size.height, size.width);
        classified.truth = Category{2};
        classified = Apply(ChainOf(name), classified, seed);
        EXPECT_TRUE(Equal(classified.image, result.image)) << name;  // labels draw no numbers
        EXPECT_EQ(classified.truth.CategoryIndex(), 2) << name;
      }
    }
  }
}

TEST(TransformsTest, ErrorsNameTheJsonPath) {
  const auto expect = [](const std::string& json, const std::string& part) {
    EXPECT_NE(Message(json).find(part), std::string::npos) << json << " -> " << Message(json);
  };
  expect(R"({"name": "flip"})", "train.transforms");
  expect(R"([{"name": "flip"}, {"name": "flipp"}])", "train.transforms[1].name");
  expect(R"([{"name": "flipp"}])", "flip");
  expect(R"([{"probability": 1}])", "train.transforms[0]");
  expect(R"([{"name": "flip", "probability": 1.5}])", "train.transforms[0].probability");
  expect(R"([{"name": "flip", "chance": 1}])", "train.transforms[0].chance");
  expect(R"([{"name": "resize", "height": 5}])", "width");
  expect(R"([{"name": "resize", "height": 0, "width": 3}])", "train.transforms[0].height");
  expect(R"([{"name": "random_crop", "height": 2.5, "width": 3}])", "train.transforms[0].height");
  expect(R"([{"name": "random_scale", "min": 2, "max": 1}])", "train.transforms[0]");
  expect(R"([{"name": "random_scale", "min": 0}])", "train.transforms[0].min");
  expect(R"([{"name": "random_scale", "values": []}])", "train.transforms[0].values");
  expect(R"([{"name": "random_scale", "values": [1, -1]}])", "train.transforms[0].values");
  expect(R"([{"name": "random_scale", "values": [1], "min": 1}])", "train.transforms[0]");
  expect(R"([{"name": "color_jitter", "hue": 0.6}])", "train.transforms[0].hue");
  expect(R"([{"name": "color_jitter", "brightness": -0.1}])", "train.transforms[0].brightness");
  expect(R"([{"name": "rotate", "degrees": 181}])", "train.transforms[0].degrees");
  expect(R"([{"name": "rotate", "border": "miror"}])", "mirror");
  expect(R"([{"name": "rotate", "probability": 1}])", "train.transforms[0].probability");
  expect(R"([{"name": "elastic", "grid": 1}])", "train.transforms[0].grid");
  expect(R"([{"name": "elastic", "sigma": -1}])", "train.transforms[0].sigma");
  expect(R"([{"name": "elastic", "border": 3}])", "train.transforms[0].border");
  expect(R"([{"name": "blur", "min": 3}])", "min 3 is above max 2");
  expect(R"([{"name": "blur", "max": 101}])", "train.transforms[0].max");
  expect(R"([{"name": "blur", "sigma": 1}])", "train.transforms[0].sigma");
  expect(R"([{"name": "noise", "max": 256}])", "train.transforms[0].max");
  expect(R"([{"name": "noise", "grey": 1}])", "train.transforms[0].grey");
  expect(R"([{"name": "cutout", "holes": 0}])", "train.transforms[0].holes");
  expect(R"([{"name": "cutout", "max": 1.5}])", "train.transforms[0].max");
  expect(R"([{"name": "cutout", "void": "no"}])", "train.transforms[0].void");
}

}  // namespace
}  // namespace seglab
