#include "weights/caffe_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/test_log.h"
#include "models/registry.h"
#include "nn/bilinear.h"
#include "tensor/state.h"
#include "weights/test_caffe_file.h"

namespace seglab {
namespace {

using testing::HasSubstr;

std::set<std::string> Keys(const std::map<std::string, std::string>& map) {
  std::set<std::string> keys;
  for (const auto& [key, value] : map) keys.insert(key);
  return keys;
}

/// The names of a network's tensors, without counters that no file needs.
std::set<std::string> NamesOf(const std::string& spec) {
  std::set<std::string> names;
  for (const auto& [name, tensor] : ModuleState(*MakeModel(ParseJson(spec, "spec"), 3))) {
    if (name.find("num_batches_tracked") == std::string::npos) names.insert(name);
  }
  return names;
}

std::set<std::string> ClassifierNames(const std::string& name, const std::string& options = "") {
  return NamesOf(R"({"name": "classifier", "backbone": {"name": ")" + name +
                 R"(", "width": 0.015625)" + options + "}}");
}

TEST(CaffeNames, Vgg) {
  CaffeFile file = Vgg({2, 2, 3, 3, 3});
  auto names = file.Add("fc6").Add("fc7").Add("fc8").Renamed();
  EXPECT_EQ(Keys(names), ClassifierNames("vgg16"));
  EXPECT_EQ(names["features.0.weight"], "conv1_1.weight");
  EXPECT_EQ(names["features.10.bias"], "conv3_1.bias");
  EXPECT_EQ(names["features.28.weight"], "conv5_3.weight");
  EXPECT_EQ(names["classifier.0.weight"], "fc6.weight");
  EXPECT_EQ(names["classifier.3.weight"], "fc7.weight");
  EXPECT_EQ(names["classifier.6.bias"], "fc8.bias");

  CaffeFile deeper = Vgg({2, 2, 4, 4, 4});
  names = deeper.Add("fc6").Add("fc7").Add("fc8").Renamed();
  EXPECT_EQ(Keys(names), ClassifierNames("vgg19"));
  EXPECT_EQ(names["features.16.weight"], "conv3_4.weight");
  EXPECT_EQ(names["features.19.weight"], "conv4_1.weight");
  EXPECT_EQ(names["features.34.weight"], "conv5_4.weight");
}

TEST(CaffeNames, CaffeNet) {
  CaffeFile file;
  for (const char* layer : {"conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"})
    file.Add(layer);
  auto names = file.Renamed();
  EXPECT_EQ(Keys(names), ClassifierNames("alexnet", ", \"caffe\": true"));
  EXPECT_EQ(names["features.3.weight"], "conv2.weight");
  EXPECT_EQ(names["features.8.weight"], "conv4.weight");
  EXPECT_EQ(names["classifier.1.weight"], "fc6.weight");
  EXPECT_EQ(names["classifier.4.weight"], "fc7.weight");
}

TEST(CaffeNames, GoogLeNet) {
  CaffeFile file;
  for (const char* layer : {"conv1/7x7_s2", "conv2/3x3_reduce", "conv2/3x3", "loss3/classifier"})
    file.Add(layer);
  for (const char* id : {"3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"}) {
    for (const char* branch : {"1x1", "3x3_reduce", "3x3", "5x5_reduce", "5x5", "pool_proj"})
      file.Add(StrCat("inception_", id, "/", branch));
  }
  for (const char* head : {"loss1", "loss2"}) {
    for (const char* layer : {"conv", "fc", "classifier"}) file.Add(StrCat(head, "/", layer));
  }
  auto names = file.Renamed();
  EXPECT_EQ(Keys(names), ClassifierNames("googlenet", ", \"caffe\": true, \"aux_loss\": true"));
  EXPECT_EQ(names["conv2.conv.weight"], "conv2/3x3_reduce.weight");
  EXPECT_EQ(names["inception3a.branch2.0.conv.weight"], "inception_3a/3x3_reduce.weight");
  EXPECT_EQ(names["inception3a.branch3.1.conv.weight"], "inception_3a/5x5.weight");
  EXPECT_EQ(names["inception5b.branch4.1.conv.bias"], "inception_5b/pool_proj.bias");
  EXPECT_EQ(names["aux2.fc1.weight"], "loss2/fc.weight");
  EXPECT_EQ(names["aux1.fc2.bias"], "loss1/classifier.bias");
  EXPECT_EQ(names["fc.weight"], "loss3/classifier.weight");
}

TEST(CaffeNames, ResNet) {
  auto names = ResNet({"2a", "2b", "2c", "3a", "3b", "3c", "3d", "4a", "4b", "4c", "4d", "4e", "4f",
                       "5a", "5b", "5c"})
                   .Renamed();
  EXPECT_EQ(Keys(names), ClassifierNames("resnet50", ", \"caffe\": true"));
  EXPECT_EQ(names["bn1.running_var"], "bn_conv1.running_var");
  EXPECT_EQ(names["bn1.bias"], "scale_conv1.bias");
  EXPECT_EQ(names["layer1.0.conv1.weight"], "res2a_branch2a.weight");
  EXPECT_EQ(names["layer1.0.downsample.0.weight"], "res2a_branch1.weight");
  EXPECT_EQ(names["layer1.0.downsample.1.running_mean"], "bn2a_branch1.running_mean");
  EXPECT_EQ(names["layer3.5.bn3.weight"], "scale4f_branch2c.weight");
  EXPECT_EQ(names["fc.weight"], "fc1000.weight");

  std::vector<std::string> blocks = {"2a", "2b", "2c", "3a"};
  for (int i = 1; i <= 7; ++i) blocks.push_back(StrCat("3b", i));
  blocks.push_back("4a");
  for (int i = 1; i <= 35; ++i) blocks.push_back(StrCat("4b", i));
  for (const char* id : {"5a", "5b", "5c"}) blocks.push_back(id);
  names = ResNet(blocks).Renamed();
  EXPECT_EQ(Keys(names), ClassifierNames("resnet152"));
  EXPECT_EQ(names["layer2.2.conv1.weight"], "res3b2_branch2a.weight");
  EXPECT_EQ(names["layer3.35.conv3.weight"], "res4b35_branch2c.weight");
}

TEST(CaffeNames, TheBiasOfResNetsFirstConvolutionMovesIntoTheMean) {
  CaffeFile caffe = ResNet({"2a"});
  TensorFile& file = caffe.file();
  file.tensors.emplace_back("conv1.bias", torch::full({1}, 0.25f));
  const float mean = file.Find("bn_conv1.running_mean")->item<float>();
  UseNetworkNames(file, "net.caffemodel");
  EXPECT_EQ(file.Find("conv1.bias"), nullptr);
  EXPECT_EQ(file.Find("bn1.running_mean")->item<float>(), mean - 0.25f);
}

TEST(CaffeNames, SqueezeNet) {
  for (const int64_t side : {7, 3}) {
    CaffeFile file;
    file.Add("conv1", kWeightAndBias, {1, 1, side, side}).Add("conv10");
    for (int fire = 2; fire <= 9; ++fire) {
      for (const char* part : {"squeeze1x1", "expand1x1", "expand3x3"})
        file.Add(StrCat("fire", fire, "/", part));
    }
    auto names = file.Renamed();
    EXPECT_EQ(Keys(names), ClassifierNames(side == 7 ? "squeezenet1_0" : "squeezenet1_1"));
    EXPECT_EQ(names["features.3.squeeze.weight"], "fire2/squeeze1x1.weight");
    EXPECT_EQ(names["features.12.expand3x3.bias"], "fire9/expand3x3.bias");
    EXPECT_EQ(names[side == 7 ? "features.7.expand1x1.weight" : "features.6.expand1x1.weight"],
              side == 7 ? "fire5/expand1x1.weight" : "fire4/expand1x1.weight");
    EXPECT_EQ(names["classifier.1.weight"], "conv10.weight");
  }
}

TEST(CaffeNames, FcLayersOfAClassifierAreMatrices) {
  CaffeFile caffe = Vgg({2, 2, 3, 3, 3});
  caffe.Add("fc6", kWeightAndBias, {5, 2, 3, 3}).Add("fc7", kWeightAndBias, {5, 5, 1, 1});
  TensorFile& file = caffe.file();
  const at::Tensor kernel = torch::arange(90.f).reshape({5, 2, 3, 3});
  file.tensors[file.tensors.size() - 4].second = kernel;
  UseNetworkNames(file, "net.caffemodel");
  EXPECT_TRUE(at::equal(*file.Find("classifier.0.weight"), kernel.reshape({5, 18})));
  EXPECT_EQ(file.Find("classifier.3.weight")->sizes().vec(), (std::vector<int64_t>{5, 5}));
  EXPECT_EQ(file.Find("features.0.weight")->dim(), 1) << "others stay as they are";
}

at::Tensor Bilinear(int64_t kernel) {
  BilinearGeometry geometry;
  geometry.kernel = kernel;
  geometry.stride = (kernel + 1) / 2;
  return BilinearLayer(1, geometry, true)->parameters()[0].detach()[0][0];
}

/// Caffe's weights of a layer that upsamples every class with `filter`.
at::Tensor Deconvolution(const at::Tensor& filter, int64_t classes) {
  const at::Tensor weight = torch::zeros({classes, classes, filter.size(0), filter.size(1)});
  for (int64_t c = 0; c < classes; ++c) weight[c][c].copy_(filter);
  return weight;
}

TEST(CaffeNames, Fcn) {
  CaffeFile caffe = Vgg({2, 2, 3, 3, 3});
  for (const char* layer : {"fc6", "fc7", "score_fr", "score_pool4", "score_pool3"})
    caffe.Add(layer, kWeightAndBias, {1, 1, 1, 1});
  TensorFile& file = caffe.file();
  file.tensors.emplace_back("upscore2.weight", Deconvolution(Bilinear(4), 3));
  file.tensors.emplace_back("upscore_pool4.weight", Deconvolution(Bilinear(4), 3));
  file.tensors.emplace_back("upscore8.weight", Deconvolution(Bilinear(16), 3));
  auto names = caffe.Renamed();
  EXPECT_EQ(Keys(names),
            NamesOf(R"({"name": "fcn8s", "backbone": {"name": "vgg16", "width": 0.015625}})"));
  EXPECT_EQ(names["backbone.features.5.weight"], "conv2_1.weight");
  EXPECT_EQ(names["backbone.fc7.bias"], "fc7.bias");
  EXPECT_EQ(names["score_pool3.weight"], "score_pool3.weight");
  EXPECT_EQ(file.Find("backbone.fc6.weight")->dim(), 4);
}

TEST(CaffeNames, FcnOfCaffeNet) {
  CaffeFile caffe;
  for (const char* layer : {"conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "score_fr"})
    caffe.Add(layer);
  caffe.file().tensors.emplace_back("upscore.weight", Deconvolution(Bilinear(63), 2));
  EXPECT_EQ(Keys(caffe.Renamed()), NamesOf(R"({"name": "fcn32s",
                        "backbone": {"name": "alexnet", "caffe": true, "width": 0.015625}})"));
}

TEST(CaffeNames, FcnsNamesOf2014) {
  CaffeFile caffe = Vgg({2, 2, 3, 3, 3});
  for (const char* layer : {"fc6", "fc7", "score-fr", "score-pool4", "score-pool3"})
    caffe.Add(layer);
  TensorFile& file = caffe.file();
  file.tensors.emplace_back("score2.weight", Deconvolution(Bilinear(4), 2));
  file.tensors.emplace_back("score4.weight", Deconvolution(Bilinear(4), 2));
  file.tensors.emplace_back("upsample.weight", Deconvolution(Bilinear(16), 2));
  auto names = caffe.Renamed();
  EXPECT_EQ(Keys(names),
            NamesOf(R"({"name": "fcn8s", "backbone": {"name": "vgg16", "width": 0.015625}})"));
  EXPECT_EQ(names["score_pool4.weight"], "score-pool4.weight");
}

TEST(CaffeNames, LearnedUpsamplingIsKept) {
  const auto upscore2 = [](const at::Tensor& weight) {
    CaffeFile caffe = Vgg({2, 2, 3, 3, 3});
    TensorFile& file = caffe.Add("score_fr").file();
    file.tensors.emplace_back("upscore2.weight", weight);
    UseNetworkNames(file, "net.caffemodel");
    return *file.Find("upscore2.weight");
  };
  const at::Tensor filter = Bilinear(4).clone();
  filter[1][2] += 0.01;
  const at::Tensor apart = upscore2(Deconvolution(filter, 3));
  ASSERT_EQ(apart.sizes().vec(), (std::vector<int64_t>{3, 1, 4, 4}));
  for (int c = 0; c < 3; ++c) EXPECT_TRUE(at::equal(apart[c][0], filter));
  const at::Tensor mixed = Deconvolution(Bilinear(4), 3);
  mixed[0][1][0][0] = 0.01;
  EXPECT_TRUE(at::equal(upscore2(mixed), mixed)) << "no network here has weights between classes";
}

TEST(CaffeNames, TheFixedFactorsOfSkipsGo) {
  const auto renamed = [](double factor) {
    CaffeFile caffe = Vgg({2, 2, 3, 3, 3});
    TensorFile& file = caffe.Add("score_fr").Add("scale_pool4", {}).Add("scale_pool3", {}).file();
    file.tensors.emplace_back("scale_pool4.weight", torch::full({512}, 0.01));
    file.tensors.emplace_back("scale_pool3.weight", torch::full({256}, factor));
    UseNetworkNames(file, "net.caffemodel");
    return file;
  };
  const TensorFile file = renamed(0.0001);
  EXPECT_EQ(file.Find("scale_pool4.weight"), nullptr);
  EXPECT_EQ(file.Find("scale_pool3.weight"), nullptr);
  EXPECT_NE(renamed(0.001).Find("scale_pool3.weight"), nullptr);
}

TEST(CaffeNames, WhatIsUnknownStays) {
  CaffeFile file = Vgg({2, 2, 3, 3, 3});
  const auto names = file.Add("fc6").Add("fc8_flickr").Add("conv1_1_bgrd").Add("score").Renamed();
  for (const char* name : {"fc8_flickr.weight", "conv1_1_bgrd.bias", "score.weight"})
    EXPECT_EQ(names.count(name), 1u) << name;

  CaffeFile other;
  EXPECT_EQ(other.Add("conv1").Add("ip1").Renamed().count("ip1.weight"), 1u);
  CaffeFile converted = Vgg({2, 2, 3, 3, 3});
  converted.file().format = "safetensors";
  EXPECT_EQ(converted.Renamed().count("conv1_1.weight"), 1u);
}

TEST(CaffeNames, AlexNetIsNotCaffeNet) {
  CaffeFile caffe;
  caffe.Add("conv1").Add("conv5").file().metadata["name"] = "AlexNet";
  EXPECT_THAT(LogOf([&] { UseNetworkNames(caffe.file(), "net.caffemodel"); }),
              HasSubstr("warning: net.caffemodel"));
  CaffeFile reference;
  reference.Add("conv1").Add("conv5").file().metadata["name"] = "CaffeNet";
  EXPECT_EQ(LogOf([&] { UseNetworkNames(reference.file(), "net.caffemodel"); }), "");
}

}  // namespace
}  // namespace seglab
