#include "tensor/preprocessing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"

namespace seglab {
namespace {

using testing::HasSubstr;

Preprocessing Named(const std::string& name) { return Preprocessing::FromJson(Json(name), "p"); }

/// What FromJson says about `json`; "" when it accepts it.
std::string JsonMessage(const std::string& json) {
  return ErrorOf([&] { Preprocessing::FromJson(ParseJson(json, "test"), "model.preprocessing"); });
}

at::Tensor OnePixel(int red, int green, int blue) {
  return torch::tensor({red, green, blue}, at::kByte).reshape({1, 1, 1, 3});
}

std::vector<float> Values(const at::Tensor& x) {
  const at::Tensor plain = x.contiguous();
  const float* data = plain.data_ptr<float>();
  return {data, data + plain.numel()};
}

/// Compares with the definition in double. The float result has a product, a sum and two rounded
/// constants, each off by half a unit at most.
void ExpectDefinition(const at::Tensor& image, const Preprocessing& p) {
  const at::Tensor x = Preprocess(image, p);
  ASSERT_EQ(x.scalar_type(), at::kFloat);
  ASSERT_EQ(x.sizes().vec(),
            (std::vector<int64_t>{image.size(0), 3, image.size(1), image.size(2)}));
  const auto pixels = image.accessor<uint8_t, 4>();
  const auto values = x.accessor<float, 4>();
  for (int64_t n = 0; n < image.size(0); ++n) {
    for (int64_t c = 0; c < 3; ++c) {
      const double largest = (255 * p.scale + std::abs(p.mean[c])) / p.std[c];
      for (int64_t i = 0; i < image.size(1); ++i) {
        for (int64_t j = 0; j < image.size(2); ++j) {
          const int64_t from = p.channel_order == "RGB" ? c : 2 - c;
          const double expected = (pixels[n][i][j][from] * p.scale - p.mean[c]) / p.std[c];
          ASSERT_NEAR(values[n][c][i][j], expected, 2 * FLT_EPSILON * largest);
        }
      }
    }
  }
}

TEST(PreprocessingTest, ImagenetValues) {
  const std::vector<float> x = Values(Preprocess(OnePixel(255, 0, 0), Named("imagenet")));
  EXPECT_NEAR(x[0], (1 - 0.485) / 0.229, 1e-6);
  EXPECT_NEAR(x[1], -0.456 / 0.224, 1e-6);
  EXPECT_NEAR(x[2], -0.406 / 0.225, 1e-6);
}

TEST(PreprocessingTest, CaffeValuesAreBlueFirst) {
  const std::vector<float> x = Values(Preprocess(OnePixel(10, 20, 30), Named("caffe")));
  EXPECT_NEAR(x[0], 30 - 104.00698793, 1e-5);
  EXPECT_NEAR(x[1], 20 - 116.66876762, 1e-5);
  EXPECT_NEAR(x[2], 10 - 122.67891434, 1e-5);
}

TEST(PreprocessingTest, UnitValues) {
  const std::vector<float> x = Values(Preprocess(OnePixel(0, 255, 51), Named("unit")));
  EXPECT_EQ(x[0], -1.f);
  EXPECT_NEAR(x[1], 1, 1e-6);
  EXPECT_NEAR(x[2], -0.6, 1e-6);
}

TEST(PreprocessingTest, EveryPixelFollowsTheDefinition) {
  torch::manual_seed(1);
  const at::Tensor image = torch::randint(0, 256, {2, 5, 7, 3}, at::kByte);
  for (const char* name : {"imagenet", "caffe", "unit"}) ExpectDefinition(image, Named(name));
  Preprocessing odd;
  odd.channel_order = "BGR";
  odd.scale = 0.5;
  odd.mean = {-3, 0.25, 70};
  odd.std = {2, 0.125, 58.5};
  ExpectDefinition(image, odd);
  ExpectDefinition(image.slice(1, 1, 4).slice(2, 0, 7, 2), odd);
}

TEST(PreprocessingTest, KeepsTheImageAndGivesChannelsLast) {
  torch::manual_seed(2);
  const at::Tensor image = torch::randint(0, 256, {2, 4, 6, 3}, at::kByte);
  const at::Tensor before = image.clone();
  for (const char* name : {"imagenet", "caffe"}) {
    const at::Tensor x = Preprocess(image, Named(name));
    EXPECT_TRUE(x.is_contiguous(at::MemoryFormat::ChannelsLast)) << name;
  }
  EXPECT_TRUE(at::equal(image, before));
}

TEST(PreprocessingTest, TheImageComesBack) {
  torch::manual_seed(3);
  const at::Tensor image = torch::randint(256, {2, 5, 7, 3}, at::TensorOptions().dtype(at::kByte));
  for (const char* name : {"imagenet", "caffe", "unit"}) {
    const Preprocessing p = Preprocessing::FromJson(name, "test");
    EXPECT_TRUE(at::equal(Unpreprocess(Preprocess(image, p), p), image)) << name;
  }
}

TEST(PreprocessingTest, RefusesOtherShapes) {
  EXPECT_THROW(Preprocess(torch::zeros({4, 6, 3}, at::kByte), {}), Error);
  EXPECT_THROW(Preprocess(torch::zeros({1, 3, 4, 6}, at::kByte), {}), Error);
  EXPECT_THROW(Preprocess(torch::zeros({1, 4, 6, 4}, at::kByte), {}), Error);
}

TEST(PreprocessingTest, MetadataRoundTripIsExact) {
  Preprocessing p;
  p.channel_order = "BGR";
  p.scale = 1.0 / 127.5;
  p.mean = {0.1 + 0.2, -1.0 / 3, 1e-17};
  p.std = {std::nextafter(1.0, 2.0), 57.375, 1e17 / 3};
  for (const Preprocessing& original : {p, Named("imagenet"), Named("caffe"), Named("unit")}) {
    std::map<std::string, std::string> metadata = {{"note", "kept"}};
    original.ToMetadata(metadata);
    EXPECT_EQ(metadata.at("note"), "kept");
    Preprocessing back = Named("unit");
    EXPECT_TRUE(back.FromMetadata(metadata, "file"));
    EXPECT_TRUE(back == original);
    EXPECT_TRUE(Preprocessing::FromJson(original.ToJson(), "p") == original);
  }
}

TEST(PreprocessingTest, ReadsMetadataWrittenByHand) {
  Preprocessing p;
  EXPECT_TRUE(p.FromMetadata(
      {{"channel_order", "BGR"}, {"scale", "1"}, {"mean", "104,117,123"}, {"std", "1,1,1"}},
      "file"));
  EXPECT_EQ(p.channel_order, "BGR");
  EXPECT_EQ(p.scale, 1);
  EXPECT_EQ(p.mean, (std::array<double, 3>{104, 117, 123}));
  EXPECT_EQ(p.std, (std::array<double, 3>{1, 1, 1}));
}

TEST(PreprocessingTest, MetadataWithoutPreprocessingChangesNothing) {
  Preprocessing p = Named("caffe");
  EXPECT_FALSE(p.FromMetadata({{"source", "somewhere"}}, "file"));
  EXPECT_FALSE(p.FromMetadata({{"scale", "4"}}, "file"));
  EXPECT_FALSE(p.FromMetadata({{"mean", "zero"}, {"std", "one"}}, "file"));
  EXPECT_TRUE(p == Named("caffe"));
}

TEST(PreprocessingTest, DamagedMetadataIsAnError) {
  std::map<std::string, std::string> good;
  Named("caffe").ToMetadata(good);
  Preprocessing p;
  for (const char* key : {"channel_order", "scale", "mean", "std"}) {
    std::map<std::string, std::string> part = good;
    part.erase(key);
    EXPECT_THROW(p.FromMetadata(part, "file"), Error) << "without " << key;
  }
  const std::pair<std::string, std::string> bad[] = {
      {"channel_order", "GBR"}, {"scale", ""},      {"scale", "1.5x"},  {"scale", "0"},
      {"mean", "1,2"},          {"mean", "1,2,"},   {"mean", "a,b,c"},  {"std", "1,1,0"},
      {"std", "1,1,-1"},        {"std", "1,1,1,1"}, {"mean", "1,2],[3"}};
  for (const auto& [key, value] : bad) {
    std::map<std::string, std::string> damaged = good;
    damaged[key] = value;
    EXPECT_THROW(p.FromMetadata(damaged, "file"), Error) << key << " = " << value;
  }
}

TEST(PreprocessingTest, FillColorIsTheMeanColor) {
  EXPECT_THAT(Named("imagenet").FillColor(), testing::ElementsAre(124, 116, 104));
  EXPECT_THAT(Named("caffe").FillColor(), testing::ElementsAre(123, 117, 104));
  EXPECT_THAT(Named("unit").FillColor(), testing::ElementsAre(128, 128, 128));
}

TEST(PreprocessingTest, FillColorBecomesNearlyZero) {
  for (const char* name : {"imagenet", "caffe", "unit"}) {
    const Preprocessing p = Named(name);
    const auto color = p.FillColor();
    const std::vector<float> x = Values(Preprocess(OnePixel(color[0], color[1], color[2]), p));
    for (int c = 0; c < 3; ++c) EXPECT_LE(std::abs(x[c]), 0.5001 * p.scale / p.std[c]) << name;
  }
}

TEST(PreprocessingTest, FillColorStaysWithin8Bits) {
  Preprocessing p;
  p.mean = {-0.5, 0, 7};
  EXPECT_THAT(p.FillColor(), testing::ElementsAre(0, 0, 255));
}

TEST(PreprocessingTest, ObjectsAreChecked) {
  EXPECT_EQ(
      JsonMessage(R"({"channel_order": "RGB", "scale": 1, "mean": [1, 2, 3], "std": [1, 1, 2]})"),
      "");
  EXPECT_THAT(JsonMessage(R"("imagenett")"), HasSubstr("did you mean \"imagenet\""));
  EXPECT_THAT(JsonMessage("3"), HasSubstr("model.preprocessing"));
  EXPECT_THAT(
      JsonMessage(R"({"channel_order": "rgb", "scale": 1, "mean": [1, 2, 3], "std": [1, 1, 1]})"),
      HasSubstr("model.preprocessing.channel_order"));
  EXPECT_THAT(
      JsonMessage(R"({"channel_order": "RGB", "scale": -1, "mean": [1, 2, 3], "std": [1, 1, 1]})"),
      HasSubstr("model.preprocessing.scale"));
  EXPECT_THAT(
      JsonMessage(R"({"channel_order": "RGB", "scale": 1, "mean": [1, 2], "std": [1, 1, 1]})"),
      HasSubstr("model.preprocessing.mean"));
  EXPECT_THAT(
      JsonMessage(R"({"channel_order": "RGB", "scale": 1, "mean": [1, 2, 3], "std": [1, 0, 1]})"),
      HasSubstr("model.preprocessing.std"));
  EXPECT_THAT(JsonMessage(R"({"channel_order": "RGB", "scale": 1, "mean": [1, 2, 3]})"),
              HasSubstr("model.preprocessing.std"));
  const std::string unknown =
      R"({"channel_order": "RGB", "scale": 1, "mean": [1, 2, 3], "std": [1, 1, 1], "men": 1})";
  EXPECT_THAT(JsonMessage(unknown), HasSubstr("did you mean \"mean\""));
}

TEST(PreprocessingTest, HasATextForMessages) {
  for (const std::string name : {"imagenet", "caffe", "unit"}) {
    EXPECT_EQ(PreprocessingText(Preprocessing::FromJson(name, "p")), "\"" + name + "\"");
  }
  Preprocessing odd;
  odd.mean = {7, 8, 9};
  EXPECT_EQ(PreprocessingText(odd), odd.ToJson().dump());
}

}  // namespace
}  // namespace seglab
