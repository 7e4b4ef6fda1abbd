#include "profile/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <array>
#include <cctype>
#include <ostream>
#include <string>
#include <vector>

#include "base/error.h"
#include "models/backbones/backbone.h"
#include "models/registry.h"

// What papers print of the registry's networks, and what must hold for all of them.
namespace seglab {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Profile ProfileOf(const std::string& spec, int classes, int64_t side) {
  const Json json = ParseJson(spec, "spec");
  Profile profile = ProfileModel(*MakeModel(json, classes), side, side);
  CountClassifierPool(json, profile);
  return profile;
}

struct Published {
  std::string backbone;
  double giga_macs;  ///< at 224 x 224 and 1000 classes, as torchvision's documentation prints it
  int64_t conv_layers, field, stride;
};

void PrintTo(const Published& row, std::ostream* out) { *out << row.backbone; }

class PublishedClassifier : public testing::TestWithParam<Published> {};
// Fields: Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks",
// Distill 2019 (AlexNet, VGG-16; ResNet-50 with its stride on the first 1x1: 483), and by hand.
INSTANTIATE_TEST_SUITE_P(Profile, PublishedClassifier,
                         testing::Values(Published{R"("alexnet")", 0.71, 8, 195, 32},
                                         Published{R"("vgg16")", 15.47, 16, 212, 32},
                                         Published{R"("googlenet")", 1.50, 22, 379, 32},
                                         Published{R"("resnet18")", 1.81, 18, 435, 32},
                                         Published{R"("resnet50")", 4.09, 50, 427, 32},
                                         Published{R"({"name": "resnet50", "caffe": true})", 3.86,
                                                   50, 483, 32},
                                         Published{R"("squeezenet1_1")", 0.35, 18, 207, 16},
                                         Published{R"("mobilenet_v1")", 0.57, 28, 315, 32},
                                         Published{R"("mobilenet_v2")", 0.30, 53, 491, 32}),
                         [](const testing::TestParamInfo<Published>& info) {
                           std::string letters = std::to_string(info.index);
                           for (char c : info.param.backbone) {
                             if (std::isalnum(static_cast<unsigned char>(c))) letters += c;
                           }
                           return letters;
                         });

TEST_P(PublishedClassifier, CostsAndSeesWhatIsPublished) {
  const Published& row = GetParam();
  const Profile found =
      ProfileOf(R"({"name": "classifier", "backbone": )" + row.backbone + "}", 1000, 224);
  EXPECT_NEAR(static_cast<double>(found.macs) / 1e9, row.giga_macs, 0.0051);
  EXPECT_EQ(found.deepest.conv_layers, row.conv_layers);
  EXPECT_EQ(found.deepest.receptive_field, row.field);
  EXPECT_EQ(found.deepest.max_stride, row.stride);
  EXPECT_TRUE(found.deepest.whole_image);
  EXPECT_THAT(found.input, ElementsAre(1, 3, 224, 224));
  EXPECT_THAT(found.output, ElementsAre(1, 1000));
  EXPECT_THAT(found.uncounted, IsEmpty());
}

/// He et al., table 1, layer by layer.
int64_t ResNet50Macs() {
  int64_t macs = 112 * 112 * 64 * 3 * 49, in = 64, side = 56;
  constexpr std::array<int, 4> kBlocks = {3, 4, 6, 3};
  for (int stage = 0; stage < 4; ++stage) {
    const int64_t planes = int64_t{64} << stage, out = 4 * planes;
    for (int block = 0; block < kBlocks[stage]; ++block) {
      const int64_t before = side * side;
      if (block == 0 && stage > 0) side /= 2;
      const int64_t cells = side * side;
      macs += before * in * planes + cells * planes * planes * 9 + cells * planes * out;
      if (block == 0) macs += cells * in * out;
      in = out;
    }
  }
  return macs + 2048 * 1000;
}

TEST(ProfileFiguresTest, ResNet50ToTheLastMultiplyAdd) {
  const Profile found = ProfileOf(R"({"name": "classifier", "backbone": "resnet50"})", 1000, 224);
  EXPECT_EQ(found.macs, 4089184256);
  EXPECT_EQ(found.macs, ResNet50Macs());
  EXPECT_EQ(found.parameters, 25557032);
  EXPECT_EQ(found.deepest.receptive_field_with_pool, 427 + 6 * 32);
}

TEST(ProfileFiguresTest, FcnTable1) {
  const Profile alexnet = ProfileOf(
      R"({"name": "fcn32s", "geometry": "published",
          "backbone": {"name": "alexnet", "caffe": true}})",
      21, 64);
  EXPECT_EQ(alexnet.deepest.conv_layers, 8);
  EXPECT_EQ((alexnet.parameters + 500000) / 1000000, 57);
  EXPECT_EQ(alexnet.deepest.receptive_field, 355);
  EXPECT_EQ(alexnet.deepest.receptive_field_with_pool, 355);
  EXPECT_EQ(alexnet.deepest.max_stride, 32);

  const Profile vgg =
      ProfileOf(R"({"name": "fcn32s", "geometry": "published", "backbone": "vgg16"})", 21, 64);
  EXPECT_EQ(vgg.deepest.conv_layers, 16);
  EXPECT_EQ((vgg.parameters + 500000) / 1000000, 134);
  EXPECT_EQ(vgg.deepest.receptive_field, 404);
  EXPECT_EQ(vgg.deepest.receptive_field_with_pool, 404);
  EXPECT_EQ(vgg.deepest.max_stride, 32);

  const Profile googlenet =
      ProfileOf(R"({"name": "fcn32s", "backbone": {"name": "googlenet", "caffe": true}})", 21, 64);
  EXPECT_EQ(googlenet.deepest.conv_layers, 22);
  EXPECT_EQ((googlenet.parameters + 500000) / 1000000, 6);
  EXPECT_EQ(googlenet.deepest.receptive_field, 715);
  EXPECT_EQ(googlenet.deepest.receptive_field_with_pool, 907);
  EXPECT_EQ(googlenet.deepest.max_stride, 32);
}

TEST(ProfileFiguresTest, SkipsChangeNeitherDepthNorField) {
  const std::string backbone = R"("backbone": {"name": "vgg16", "width": 0.0625})";
  for (const std::string name : {"fcn16s", "fcn8s"}) {
    for (const std::string upsampling : {"fixed", "learned"}) {
      SCOPED_TRACE(name + " " + upsampling);
      const Profile found = ProfileOf(
          "{\"name\": \"" + name + "\", \"upsampling\": \"" + upsampling + "\", " + backbone + "}",
          21, 64);
      EXPECT_EQ(found.deepest.conv_layers, 16);
      EXPECT_EQ(found.deepest.receptive_field, 404);
      EXPECT_EQ(found.deepest.max_stride, 32);
      EXPECT_EQ(found.layers.back().receptive_field, 0);
    }
  }
}

TEST(ProfileFiguresTest, DilationKeepsTheFieldAndLimitsTheStride) {
  const Profile found = ProfileOf(
      R"({"name": "fcn32s", "output_stride": 8, "backbone": {"name": "vgg16", "width": 0.0625}})",
      21, 64);
  EXPECT_EQ(found.deepest.receptive_field, 404);
  EXPECT_EQ(found.deepest.max_stride, 8);
}

struct DeepLabField {
  const char* fc6;
  int64_t kernel, rate, conv_layers, field;
  int64_t published;  ///< DeepLab v1, table 2: of fc6 alone, in pixels of VGG's own 224 x 224
};

// Pools of 3x3 cells; LargeFOV also has pool5a, of two cells more. Published is what VGG's 7x7
// window sees at stride 32, 224 pixels, or less by what another one lacks.
TEST(ProfileFiguresTest, DeepLabsFieldsOfView) {
  int64_t whole = 0;
  for (const DeepLabField& row :
       {DeepLabField{"7x7_r4", 7, 4, 16, 419, 224}, DeepLabField{"4x4_r4", 4, 4, 16, 323, 128},
        DeepLabField{"4x4_r8", 4, 8, 16, 419, 224},
        DeepLabField{"largefov", 3, 12, 16, 435, 224}}) {
    SCOPED_TRACE(row.fc6);
    const Profile found = ProfileOf(StrCat(R"({"name": "deeplab_v1", "fc6": ")", row.fc6,
                                           R"(", "backbone": {"name": "vgg16", "width": 0.0625}})"),
                                    21, 65);
    EXPECT_EQ(found.deepest.conv_layers, row.conv_layers);
    EXPECT_EQ(found.deepest.receptive_field, row.field);
    EXPECT_EQ(found.deepest.max_stride, 8);
    if (whole == 0) whole = found.deepest.receptive_field;
    const int64_t pool5a = row.kernel == 3 ? 16 : 0;
    EXPECT_EQ(224 - (whole - (found.deepest.receptive_field - pool5a)), row.published);
    EXPECT_EQ(8 * ((row.kernel - 1) * row.rate + 4), row.published);
  }
}

TEST(ProfileFiguresTest, DoesNotDependOnThreads) {
  const std::string spec =
      R"({"name": "fcn8s", "backbone": {"name": "googlenet", "width": 0.125}})";
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const Json one = ToJson(ProfileOf(spec, 5, 97));
  at::set_num_threads(4);
  const Json four = ToJson(ProfileOf(spec, 5, 97));
  at::set_num_threads(before);
  EXPECT_EQ(one, four);
}

/// Each network of the registry, small, and each backbone as classifier.
std::vector<Json> SmallOnes() {
  std::vector<Json> specs;
  const Json vgg = {{"name", "vgg11"}, {"width", 0.0625}, {"fc6_kernel", 3}},
             thin = {{"name", "vgg11"}, {"width", 0.0625}};
  for (const ModelRow& row : ModelRows()) {
    if (row.recipe == Recipe::kFitted) continue;  // its cost is that of its regions
    for (const Json& spec :
         {Json{{"name", row.name}, {"backbone", vgg}}, Json{{"name", row.name}, {"backbone", thin}},
          Json{{"name", row.name}, {"width", 0.0625}}}) {
      try {
        MakeModel(spec, 4);
      } catch (const Error&) {
        continue;  // it has no such option
      }
      specs.push_back(spec);
      break;
    }
  }
  const Json resnet = {{"name", "resnet18"}, {"width", 0.0625}};
  specs.push_back({{"name", "deeplab_v1"}, {"msc", true}, {"backbone", thin}});
  specs.push_back({{"name", "deeplab_v2"}, {"backbone", resnet}});
  specs.push_back({{"name", "deeplab_v2"}, {"scales", {0.5, 1}}, {"backbone", resnet}});
  for (const BackboneRow& row : BackboneRows()) {
    specs.push_back(
        {{"name", "classifier"}, {"backbone", {{"name", row.name}, {"width", 0.0625}}}});
  }
  return specs;
}

TEST(ProfileFiguresTest, CountsAllThatTheRegistryHas) {
  for (const Json& spec : SmallOnes()) {
    SCOPED_TRACE(spec.dump());
    const Profile found = ProfileModel(*MakeModel(spec, 4), 65, 70);
    EXPECT_THAT(found.uncounted, IsEmpty());
    EXPECT_EQ(found.unused_parameters, 0);
    EXPECT_TRUE(found.deepest.whole_image || found.deepest.receptive_field > 32);
    EXPECT_LT(found.peak_activation_bytes, found.activation_bytes);
    int64_t parameters = 0, macs = 0, flops = 0, bytes = 0;
    for (const LayerProfile& layer : found.layers) {
      parameters += layer.parameters;
      macs += layer.macs;
      flops += layer.flops;
      bytes += layer.output_bytes;
    }
    EXPECT_EQ(parameters, found.parameters);
    EXPECT_EQ(macs, found.macs);
    EXPECT_EQ(flops, found.flops);
    EXPECT_EQ(bytes, found.activation_bytes);
    EXPECT_GT(flops, 2 * macs);
  }
}

TEST(ProfileFiguresTest, JsonHasItsKeys) {
  const Json json = ToJson(
      ProfileOf(R"({"name": "fcn32s", "backbone": {"name": "googlenet", "width": 0.125}})", 3, 33));
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  EXPECT_THAT(keys, ElementsAre("parameters", "unused_parameters", "macs", "flops", "conv_layers",
                                "receptive_field", "whole_image", "receptive_field_with_pool",
                                "max_stride", "input", "output", "activation_bytes",
                                "peak_activation_bytes", "layers", "uncounted"));
  EXPECT_EQ(json["output"].dump(), "[1,3,33,33]");
  EXPECT_EQ(json["layers"][0]["name"], "backbone.conv1.conv");
  EXPECT_EQ(json["layers"][0]["op"], "conv2d");
}

}  // namespace
}  // namespace seglab
