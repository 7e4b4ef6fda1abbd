#include "weights/caffe_deeplab.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "tensor/weight_file.h"
#include "weights/caffe_network.h"
#include "weights/init.h"
#include "weights/load.h"
#include "weights/network_match.h"
#include "weights/test_caffe_file.h"
#include "weights/test_model_files.h"

// DeepLab's files: layers are named here as the released prototxts name them.
namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A file in the making: Caffe's layers, filled with a network's tensors.
class DeepLabFile {
 public:
  explicit DeepLabFile(const SegModel& model) : state_(ModuleState(model)) {
    bytes_ = test_files::Field(1, "deeplab");
  }

  DeepLabFile& Conv(const std::string& caffe, const std::string& ours, bool bias = true) {
    std::vector<at::Tensor> blobs = {Of(ours + ".weight")};
    if (bias) blobs.push_back(Of(ours + ".bias"));
    bytes_ += CaffeLayer(caffe, "Convolution", blobs);
    return *this;
  }

  /// @param caffe  behind "bn" and "scale"
  DeepLabFile& Norm(const std::string& caffe, const std::string& ours) {
    bytes_ += CaffeLayer("bn" + caffe, "BatchNorm",
                         {Of(ours + ".running_mean"), Of(ours + ".running_var"), torch::ones({1})});
    bytes_ += CaffeLayer("scale" + caffe, "Scale", {Of(ours + ".weight"), Of(ours + ".bias")});
    return *this;
  }

  DeepLabFile& Vgg16() {
    const std::map<std::string, int> layers = {
        {"1_1", 0},  {"1_2", 2},  {"2_1", 5},  {"2_2", 7},  {"3_1", 10}, {"3_2", 12}, {"3_3", 14},
        {"4_1", 17}, {"4_2", 19}, {"4_3", 21}, {"5_1", 24}, {"5_2", 26}, {"5_3", 28}};
    for (const auto& [name, index] : layers)
      Conv("conv" + name, StrCat("backbone.features.", index));
    return *this;
  }

  /// @param suffix  of what a smaller scale has once more
  DeepLabFile& ResNet101(const std::string& suffix = "") {
    Conv("conv1" + suffix, "backbone.conv1", false);
    Norm("_conv1" + suffix, "backbone.bn1");
    const std::vector<int> blocks = {3, 4, 23, 3};
    for (int stage = 0; stage < 4; ++stage) {
      for (int block = 0; block < blocks[stage]; ++block) {
        // 2a 2b 2c 3a 3b1 3b2 3b3 4a 4b1 ... 4b22 5a 5b 5c
        const bool letters = blocks[stage] == 3;
        const std::string id = letters || block == 0
                                   ? StrCat(stage + 2, static_cast<char>('a' + block))
                                   : StrCat(stage + 2, "b", block);
        const std::string ours = StrCat("backbone.layer", stage + 1, ".", block, ".");
        const auto add = [&](const std::string& branch, const std::string& conv,
                             const std::string& norm) {
          Conv("res" + id + branch + suffix, ours + conv, false);
          Norm(id + branch + suffix, ours + norm);
        };
        if (block == 0) add("_branch1", "downsample.0", "downsample.1");
        add("_branch2a", "conv1", "bn1");
        add("_branch2b", "conv2", "bn2");
        add("_branch2c", "conv3", "bn3");
      }
    }
    return *this;
  }

  void Write(const std::string& path) const { WriteFileAtomically(path, std::string_view(bytes_)); }

  DeepLabFile& Scale(const std::string& caffe, const at::Tensor& weight) {
    bytes_ += CaffeLayer(caffe, "Convolution", {weight});
    return *this;
  }

 private:
  at::Tensor Of(const std::string& name) const { return seglab::Get(state_, name); }

  NamedTensors state_;
  std::string bytes_;
};

/// @param backbone  without its width, which comes behind its name
Json OnThin(const std::string& network, Json options, const Json& backbone) {
  const bool resnet = backbone.at("name") == "resnet101";  // rounds to eight channels
  Json thin = {{"name", backbone.at("name")}, {"width", resnet ? 0.125 : 1.0 / 64}};
  thin.update(backbone);
  Json spec = {{"name", network}, {"backbone", thin}};
  spec.update(options);
  return spec;
}

const Json kVgg16 = {{"name", "vgg16"}};
const Json kResNet101 = {{"name", "resnet101"}, {"caffe", true}};

ModelChoice Chosen(const Json& spec) {
  ModelChoice choice;
  choice.model = spec;
  choice.labels = TestLabels(3);
  choice.labels_from = "the test";
  return choice;
}

/// Expects that the file's weights are the network's own, all of them, and what is said of it.
void ExpectLoads(const std::string& path, const SegModel& source, const Json& spec) {
  std::shared_ptr<SegModel> loaded;
  EXPECT_THAT(LogOf([&] { loaded = LoadModelFile(path, Chosen(spec)).model; }),
              testing::Not(HasSubstr("warning")));
  EXPECT_EQ(Difference(Snapshot(source), Snapshot(*loaded)), "");
  EXPECT_EQ(loaded->preprocessing, Preprocessing::FromJson("caffe", "p"));
}

/// The networks that "weights inspect" names for a file.
std::vector<Json> NetworksOf(const std::string& path) {
  const TensorFile file = ReadNetworkWeights(path);
  std::vector<Json> specs;
  for (const NetworkMatch& match : MatchNetworks(file.tensors))
    specs.push_back(CaffeNetwork(file, match.spec));
  return specs;
}

TEST(CaffeDeepLab, LargeFov) {
  const TestFolder folder;
  const std::string path = folder.File("largefov.caffemodel");
  const Json spec = OnThin("deeplab_v1", Json::object(), kVgg16);
  const auto source = UsedModel(spec, 3);
  for (const std::string last : {"fc8_voc12", "fc8_pascal", "fc8_mine"}) {
    DeepLabFile(*source)
        .Vgg16()
        .Conv("fc6", "fc6")
        .Conv("fc7", "fc7")
        .Conv(last, "fc8")
        .Write(path);
    ExpectLoads(path, *source, spec);
  }
  EXPECT_THAT(NetworksOf(path), testing::UnorderedElementsAre(
                                    spec, OnThin("deeplab_v2", {{"head", "largefov"}}, kVgg16)));
}

TEST(CaffeDeepLab, MScAndTheOtherWindows) {
  const TestFolder folder;
  const std::string path = folder.File("msc.caffemodel");
  for (const std::string fc6 : {"4x4_r4", "4x4_r8", "7x7_r4"}) {
    const Json spec = OnThin("deeplab_v1", {{"msc", true}, {"fc6", fc6}}, kVgg16);
    const auto source = UsedModel(spec, 3);
    DeepLabFile file(*source);
    file.Vgg16().Conv("fc6", "fc6").Conv("fc7", "fc7").Conv("fc8_pascal", "fc8");
    for (const std::string branch : {"data", "pool1", "pool2", "pool3", "pool4"}) {
      for (const std::string part : {"_conv", "_fc", "_ms"})
        file.Conv(branch + part, "msc." + branch + part);
    }
    file.Write(path);
    ExpectLoads(path, *source, spec);
    EXPECT_THAT(NetworksOf(path), testing::Contains(spec));
    EXPECT_EQ(NetworksOf(path).size(), fc6 == "7x7_r4" ? 1u : 2u) << "rates stand in no file";
  }
}

TEST(CaffeDeepLab, AsppOnVgg) {
  const TestFolder folder;
  const std::string path = folder.File("vgg16.caffemodel");
  const Json spec = OnThin("deeplab_v2", Json::object(), kVgg16);
  const auto source = UsedModel(spec, 3);
  DeepLabFile file(*source);
  file.Vgg16();
  for (const std::string branch : {"1", "2", "3", "4"}) {
    file.Conv("fc6_" + branch, "fc6." + branch).Conv("fc7_" + branch, "fc7." + branch);
    file.Conv("fc8_voc12_" + branch, "fc8." + branch);
  }
  file.Write(path);
  ExpectLoads(path, *source, spec);
  EXPECT_EQ(NetworksOf(path),
            (std::vector<Json>{spec, OnThin("deeplab_v2", {{"head", "aspp_s"}}, kVgg16)}));
}

TEST(CaffeDeepLab, AsppOnResNet101) {
  const TestFolder folder;
  const std::string path = folder.File("resnet101.caffemodel");
  const Json spec = OnThin("deeplab_v2", {{"scales", {0.5, 0.75, 1}}}, kResNet101);
  const auto source = UsedModel(spec, 3);
  DeepLabFile file(*source);
  for (const std::string scale : {"", "_res075", "_res05"}) {
    file.ResNet101(scale);
    for (const std::string branch : {"0", "1", "2", "3"})
      file.Conv("fc1_voc12_c" + branch + scale, "fc1.c" + branch);
  }
  file.Write(path);
  ExpectLoads(path, *source, spec);
  // Scales have no weights: the plain network takes them, too.
  const Json plain = OnThin("deeplab_v2", Json::object(), kResNet101);
  ExpectLoads(path, *source, plain);
  EXPECT_THAT(NetworksOf(path), testing::Contains(plain));
  const Json torchvision = OnThin("deeplab_v2", Json::object(), {{"name", "resnet101"}});
  EXPECT_THAT(LogOf([&] { LoadModelFile(path, Chosen(torchvision)); }),
              AllOf(HasSubstr("warning: " + path), HasSubstr("\"caffe\": true")));
}

TEST(CaffeDeepLab, AScaleWithWeightsOfItsOwnIsAnError) {
  const TestFolder folder;
  const std::string path = folder.File("resnet101.caffemodel");
  const Json spec = OnThin("deeplab_v2", {{"head", "largefov"}}, kResNet101);
  const auto source = UsedModel(spec, 3);
  DeepLabFile file(*source);
  file.ResNet101().Conv("fc1_voc12", "fc1").Scale("conv1_res05", torch::zeros({8, 3, 7, 7}));
  file.Write(path);
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path, Chosen(spec)); }),
              AllOf(HasSubstr(path), HasSubstr("conv1_res05.weight")));
}

TEST(CaffeDeepLab, WeightsForOtherClassesStartANetwork) {
  const TestFolder folder;
  const std::string path = folder.File("init.caffemodel");
  const Json coco = OnThin("deeplab_v2", {{"head", "largefov"}}, kResNet101);
  const auto source = UsedModel(coco, 9);
  DeepLabFile(*source).ResNet101().Conv("fc1_coco", "fc1").Write(path);
  const Json spec = OnThin("deeplab_v2", Json::object(), kResNet101);
  const auto model = SeededModel(spec, 3, 8);
  InitFromFile(*model, {path, {"fc1"}}, spec);
  EXPECT_EQ(Difference(Below(Snapshot(*source), "backbone"), Below(Snapshot(*model), "backbone")),
            "");
  EXPECT_EQ(
      Difference(Below(Snapshot(*SeededModel(spec, 3, 8)), "fc1"), Below(Snapshot(*model), "fc1")),
      "");
}

// vgg16_20M.caffemodel: the classifier already thinned out, without its last layer.
TEST(CaffeDeepLab, ItsOwnClassifierStartsEveryNetworkOnVgg) {
  const TestFolder folder;
  const std::string path = folder.File("vgg16_20M.caffemodel");
  const auto source = UsedModel(OnThin("deeplab_v1", Json::object(), kVgg16), 3);
  DeepLabFile(*source).Vgg16().Conv("fc6", "fc6").Conv("fc7", "fc7").Write(path);
  EXPECT_FALSE(IsCaffeDeepLab(ReadWeights(path)));
  const Json v1 = OnThin("deeplab_v1", {{"msc", true}}, kVgg16),
             v2 = OnThin("deeplab_v2", Json::object(), kVgg16);
  for (const Json& spec : {v1, v2}) {
    const auto model = SeededModel(spec, 3, 8);
    InitFromFile(*model, {path, {}}, spec);
    const std::string fc6 = spec == v1 ? "fc6.weight" : "fc6.3.weight";
    EXPECT_TRUE(SameBits(seglab::Get(ModuleState(*model), fc6),
                         seglab::Get(ModuleState(*source), "fc6.weight")));
  }
}

TEST(CaffeDeepLab, AFineTunedClassifierIsNone) {
  CaffeFile classifier = Vgg({2, 2, 3, 3, 3});
  classifier.Add("fc6").Add("fc7").Add("fc8_flickr", kWeightAndBias, {20, 4096});
  EXPECT_FALSE(IsCaffeDeepLab(classifier.file()));
  CaffeFile deeplab = Vgg({2, 2, 3, 3, 3});
  deeplab.Add("fc6").Add("fc7").Add("fc8_flickr", kWeightAndBias, {20, 1024, 1, 1});
  EXPECT_TRUE(IsCaffeDeepLab(deeplab.file()));
}

TEST(CaffeDeepLab, RatesAreATrait) {
  const Json narrow = OnThin("deeplab_v1", {{"fc6", "4x4_r4"}}, kVgg16),
             wide = OnThin("deeplab_v1", {{"fc6", "4x4_r8"}}, kVgg16);
  const TestFolder folder;
  const std::string path = folder.File("net.safetensors"),
                    classifier = folder.File("classifier.safetensors");
  Save(path, *UsedModel(narrow, 3), narrow, 3);
  const auto model = SeededModel(wide, 3, 8);
  EXPECT_THAT(LogOf([&] {
                InitFromFile(*model, {path, {}}, wide);
              }),
              AllOf(HasSubstr("warning: " + path), HasSubstr("\"rates\": \"4\"")));
  const Json vgg = OnThin("classifier", Json::object(), kVgg16);
  Save(classifier, *UsedModel(vgg, 3), vgg, 3);
  EXPECT_THAT(LogOf([&] {
                InitFromFile(*model, {classifier, {}}, wide);
              }),
              testing::Not(HasSubstr("warning")));
}

}  // namespace
}  // namespace seglab
