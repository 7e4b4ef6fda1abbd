#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/test_error.h"
#include "models/backbones/alexnet.h"
#include "models/backbones/googlenet.h"
#include "models/backbones/mobilenet_v1.h"
#include "models/backbones/mobilenet_v2.h"
#include "models/backbones/resnet.h"
#include "models/backbones/squeezenet.h"
#include "models/backbones/vgg.h"
#include "models/deeplab_v1.h"
#include "models/deeplab_v2.h"
#include "models/deeplab_v3_mobilenet.h"
#include "models/fcn.h"
#include "models/multi_scale.h"
#include "models/torchvision_seg.h"

// Options that a program fills in are checked as a user's JSON is.
namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int kOptionClasses = 3;

/// The error of options of which one is changed; "" when there is none.
template <typename Options, typename Change>
std::string ErrorWith(Change change) {
  Options options;
  change(options);
  return ErrorOf([&] { options.Check(); });
}

TEST(OptionsTest, DefaultsAreRight) {
  EXPECT_NO_THROW(AlexNetOptions().Check());
  EXPECT_NO_THROW(DeepLabV1Options().Check());
  EXPECT_NO_THROW(DeepLabV2Options().Check());
  EXPECT_NO_THROW(DeepLabV3MobileNetOptions().Check());
  EXPECT_NO_THROW(FcnOptions().Check());
  EXPECT_NO_THROW(GoogLeNetOptions().Check());
  EXPECT_NO_THROW(MobileNetV1Options().Check());
  EXPECT_NO_THROW(MobileNetV2Options().Check());
  EXPECT_NO_THROW(MultiScaleOptions().Check());
  EXPECT_NO_THROW(ResNetOptions().Check());
  EXPECT_NO_THROW(SqueezeNetOptions().Check());
  EXPECT_NO_THROW(TorchvisionSegOptions().Check());
  EXPECT_NO_THROW(TrunkOptions().Check());
  EXPECT_NO_THROW(VggOptions().Check());
}

TEST(OptionsTest, MessagesNameTheMemberAndWhatIsAllowed) {
  EXPECT_EQ(ErrorWith<ResNetOptions>([](auto& o) { o.width = 5; }),
            "ResNetOptions.width: must be between 0.015625 and 4.0, found 5.0");
  EXPECT_EQ(ErrorWith<VggOptions>([](auto& o) { o.fc6_kernel = 4; }),
            "VggOptions.fc6_kernel: must be odd, found 4");
  EXPECT_EQ(ErrorOf([] {
              VggOptions options;
              options.fc6_kernel = 17;
              options.Check("model.backbone");
            }),
            "model.backbone.fc6_kernel: must be between 1 and 15, found 17");
}

TEST(OptionsTest, EveryMemberIsChecked) {
  const auto wrong_width = [](auto& o) { o.width = std::nan(""); };
  const auto wrong_dropout = [](auto& o) { o.dropout = 1; };
  const auto wrong_stride = [](auto& o) { o.output_stride = 24; };
  const auto wrong_weight = [](auto& o) { o.aux_weight = -1; };
  EXPECT_THAT(ErrorWith<AlexNetOptions>(wrong_width), HasSubstr("AlexNetOptions.width"));
  EXPECT_THAT(ErrorWith<AlexNetOptions>(wrong_dropout), HasSubstr("AlexNetOptions.dropout"));
  EXPECT_THAT(ErrorWith<AlexNetOptions>([](auto& o) { o.fc6_kernel = 0; }),
              HasSubstr("AlexNetOptions.fc6_kernel"));
  EXPECT_THAT(ErrorWith<AlexNetOptions>([](auto& o) { o.fc_width = -1; }),
              HasSubstr("AlexNetOptions.fc_width"));
  EXPECT_THAT(ErrorWith<VggOptions>(wrong_width), HasSubstr("VggOptions.width"));
  EXPECT_THAT(ErrorWith<VggOptions>(wrong_dropout), HasSubstr("VggOptions.dropout"));
  EXPECT_THAT(ErrorWith<VggOptions>([](auto& o) { o.fc_width = 100000; }),
              HasSubstr("VggOptions.fc_width"));
  EXPECT_THAT(ErrorWith<GoogLeNetOptions>(wrong_width), HasSubstr("GoogLeNetOptions.width"));
  EXPECT_THAT(ErrorWith<GoogLeNetOptions>(wrong_dropout), HasSubstr("GoogLeNetOptions.dropout"));
  EXPECT_THAT(ErrorWith<GoogLeNetOptions>(wrong_weight), HasSubstr("GoogLeNetOptions.aux_weight"));
  EXPECT_THAT(ErrorWith<GoogLeNetOptions>([](auto& o) { o.caffe = o.transform_input = true; }),
              HasSubstr("GoogLeNetOptions.transform_input"));
  EXPECT_THAT(ErrorWith<MobileNetV1Options>(wrong_width), HasSubstr("MobileNetV1Options.width"));
  EXPECT_THAT(ErrorWith<MobileNetV2Options>(wrong_width), HasSubstr("MobileNetV2Options.width"));
  EXPECT_THAT(ErrorWith<MobileNetV2Options>(wrong_dropout),
              HasSubstr("MobileNetV2Options.dropout"));
  EXPECT_THAT(ErrorWith<SqueezeNetOptions>(wrong_width), HasSubstr("SqueezeNetOptions.width"));
  EXPECT_THAT(ErrorWith<SqueezeNetOptions>(wrong_dropout), HasSubstr("SqueezeNetOptions.dropout"));
  EXPECT_THAT(ErrorWith<DeepLabV3MobileNetOptions>(wrong_stride),
              HasSubstr("DeepLabV3MobileNetOptions.output_stride"));
  EXPECT_THAT(ErrorWith<DeepLabV3MobileNetOptions>(wrong_width),
              HasSubstr("DeepLabV3MobileNetOptions.width"));
  EXPECT_THAT(ErrorWith<TorchvisionSegOptions>(wrong_width),
              HasSubstr("TorchvisionSegOptions.width"));
  EXPECT_THAT(ErrorWith<TorchvisionSegOptions>(wrong_weight),
              HasSubstr("TorchvisionSegOptions.aux_weight"));
  EXPECT_THAT(
      ErrorWith<TorchvisionSegOptions>([](auto& o) { o.backbone = "resnet5O"; }),
      AllOf(HasSubstr("TorchvisionSegOptions.backbone"), HasSubstr("did you mean \"resnet50\"")));
  EXPECT_THAT(ErrorWith<FcnOptions>(wrong_stride), HasSubstr("FcnOptions.output_stride"));
  EXPECT_THAT(ErrorWith<FcnOptions>([](auto& o) {
                o.geometry = FcnGeometry::kPublished;
                o.output_stride = 8;
              }),
              AllOf(HasSubstr("FcnOptions.output_stride"), HasSubstr("stride 32, found 8")));
}

TEST(OptionsTest, EveryMemberOfDeepLabIsChecked) {
  EXPECT_THAT(ErrorWith<DeepLabV1Options>([](auto& o) { o.fc6 = "4x4_r2"; }),
              AllOf(HasSubstr("DeepLabV1Options.fc6"), HasSubstr("did you mean \"4x4_r4\"")));
  EXPECT_THAT(ErrorWith<DeepLabV1Options>([](auto& o) { o.fc_width = -1; }),
              HasSubstr("DeepLabV1Options.fc_width"));
  EXPECT_THAT(ErrorWith<DeepLabV1Options>([](auto& o) { o.dropout = 1; }),
              HasSubstr("DeepLabV1Options.dropout"));
  EXPECT_THAT(ErrorWith<DeepLabV2Options>([](auto& o) { o.head = "aspp"; }),
              AllOf(HasSubstr("DeepLabV2Options.head"), HasSubstr("aspp_l")));
  EXPECT_THAT(ErrorWith<DeepLabV2Options>([](auto& o) { o.output_stride = 12; }),
              HasSubstr("DeepLabV2Options.output_stride"));
  EXPECT_THAT(ErrorWith<DeepLabV2Options>([](auto& o) {
                o.rates = {6, 0};
              }),
              HasSubstr("DeepLabV2Options.rates"));
  EXPECT_THAT(ErrorWith<DeepLabV2Options>([](auto& o) { o.rates.resize(17, 1); }),
              HasSubstr("DeepLabV2Options.rates"));
  EXPECT_THAT(ErrorWith<DeepLabV2Options>([](auto& o) { o.fc_width = 100000; }),
              HasSubstr("DeepLabV2Options.fc_width"));
  EXPECT_THAT(ErrorWith<DeepLabV2Options>([](auto& o) { o.dropout = -0.5; }),
              HasSubstr("DeepLabV2Options.dropout"));
  EXPECT_THAT(ErrorWith<DeepLabV2Options>([](auto& o) { o.scales.scales = {0.5}; }),
              AllOf(HasSubstr("DeepLabV2Options.scales"), HasSubstr("must hold 1")));
  for (double wrong : {0.05, 5.0, std::nan("")}) {
    EXPECT_THAT(ErrorWith<MultiScaleOptions>([&](auto& o) {
                  o.scales = {1, wrong};
                }),
                HasSubstr("MultiScaleOptions.scales: must be between"));
  }
  EXPECT_THAT(ErrorWith<MultiScaleOptions>([](auto& o) {
                o.scales = {1, 0.5, 0.5};
              }),
              HasSubstr("twice"));
}

TEST(OptionsTest, MakersCheckThem) {
  FcnOptions fcn;
  fcn.output_stride = 3;
  EXPECT_THROW(MakeFcn(fcn, kOptionClasses), Error);
  TorchvisionSegOptions torchvision;
  torchvision.backbone = "resnet18";
  EXPECT_THROW(MakeTorchvisionSeg(torchvision, kOptionClasses), Error);
  DeepLabV3MobileNetOptions deeplab;
  deeplab.width = 0;
  EXPECT_THROW(MakeDeepLabV3MobileNetV2(deeplab, kOptionClasses), Error);
  DeepLabV1Options first;
  first.fc6 = "fc6";
  EXPECT_THROW(MakeDeepLabV1(first, kOptionClasses), Error);
  DeepLabV2Options second;
  second.scales.scales = {0.5};
  EXPECT_THROW(MakeDeepLabV2(second, kOptionClasses), Error);

  AlexNetOptions alexnet;
  alexnet.width = 0;
  EXPECT_THROW(MakeAlexNetTrunk(alexnet, {}), Error);
  EXPECT_THROW(MakeAlexNetClassifier(alexnet, kOptionClasses), Error);
  VggOptions vgg;
  vgg.width = 0;
  EXPECT_THROW(MakeVggTrunk("vgg16", vgg, {}), Error);
  EXPECT_THROW(MakeVggClassifier("vgg16", vgg, kOptionClasses), Error);
  GoogLeNetOptions googlenet;
  googlenet.width = 0;
  EXPECT_THROW(MakeGoogLeNetTrunk(googlenet, {}), Error);
  EXPECT_THROW(MakeGoogLeNetClassifier(googlenet, kOptionClasses), Error);
  ResNetOptions resnet;
  resnet.width = 0;
  EXPECT_THROW(MakeResNetTrunk("resnet18", resnet, {}), Error);
  EXPECT_THROW(MakeResNetClassifier("resnet18", resnet, kOptionClasses), Error);
  MobileNetV1Options mobile1;
  mobile1.width = 0;
  EXPECT_THROW(MakeMobileNetV1Trunk(mobile1, {}), Error);
  EXPECT_THROW(MakeMobileNetV1Classifier(mobile1, kOptionClasses), Error);
  MobileNetV2Options mobile2;
  mobile2.width = 0;
  EXPECT_THROW(MakeMobileNetV2Trunk(mobile2, {}), Error);
  EXPECT_THROW(MakeMobileNetV2Classifier(mobile2, kOptionClasses), Error);
  SqueezeNetOptions squeeze;
  squeeze.width = 0;
  EXPECT_THROW(MakeSqueezeNetTrunk("squeezenet1_1", squeeze, {}), Error);
  EXPECT_THROW(MakeSqueezeNetClassifier("squeezenet1_1", squeeze, kOptionClasses), Error);
}

TEST(OptionsTest, MakersKnowTheirBackbones) {
  EXPECT_THAT(ErrorOf([] { MakeVggTrunk("vgg17", VggOptions(), {}); }),
              HasSubstr("did you mean \"vgg1"));
  EXPECT_THAT(ErrorOf([] { MakeVggClassifier("vgg16bn", VggOptions(), kOptionClasses); }),
              HasSubstr("did you mean \"vgg16_bn\""));
  EXPECT_THAT(ErrorOf([] { MakeResNetTrunk("resnet5O", ResNetOptions(), {}); }),
              HasSubstr("did you mean \"resnet50\""));
  EXPECT_THAT(ErrorOf([] { MakeSqueezeNetTrunk("squeezenet", SqueezeNetOptions(), {}); }),
              HasSubstr("squeezenet1_0"));
}

TEST(OptionsTest, PublishedGeometryFixesFc6) {
  TrunkOptions published;
  published.published_fcn = true;
  VggOptions vgg;
  vgg.width = 0.0625;
  vgg.fc6_kernel = 3;
  EXPECT_THAT(ErrorOf([&] { MakeVggTrunk("vgg11", vgg, published); }),
              HasSubstr("VggOptions.fc6_kernel"));
  AlexNetOptions alexnet;
  alexnet.width = 0.0625;
  alexnet.fc6_kernel = 3;
  EXPECT_THAT(ErrorOf([&] { MakeAlexNetTrunk(alexnet, published); }),
              HasSubstr("AlexNetOptions.fc6_kernel"));
  EXPECT_THAT(ErrorOf([&] { MakeResNetTrunk("resnet18", ResNetOptions(), published); }),
              HasSubstr("published geometry"));
}

}  // namespace
}  // namespace seglab
