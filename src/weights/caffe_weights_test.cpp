#include <gmock/gmock.h>
#include <torch/torch.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "tensor/test_files.h"
#include "weights/init.h"
#include "weights/load.h"
#include "weights/test_caffe_file.h"
#include "weights/test_model_files.h"

// Files of Caffe, byte by byte, into networks.
namespace seglab {
namespace {

using test_files::Field;
using testing::AllOf;
using testing::HasSubstr;

struct Pair {
  const char* caffe;
  const char* ours;
};
constexpr Pair kVgg11[] = {{"conv1_1", "features.0"},  {"conv2_1", "features.3"},
                           {"conv3_1", "features.6"},  {"conv3_2", "features.8"},
                           {"conv4_1", "features.11"}, {"conv4_2", "features.13"},
                           {"conv5_1", "features.16"}, {"conv5_2", "features.18"}};

at::Tensor Weight(const SegModel& model, const std::string& name) {
  return seglab::Get(ModuleState(model), name);
}

std::string Layers(const SegModel& model, const std::string& prefix) {
  std::string text = Field(1, "net");
  for (const Pair& pair : kVgg11) {
    const std::string ours = prefix + pair.ours;
    text += CaffeLayer(pair.caffe, "Convolution",
                       {Weight(model, ours + ".weight"), Weight(model, ours + ".bias")});
  }
  return text;
}

std::string Linear(const SegModel& model, const std::string& caffe, const std::string& ours,
                   const std::string& type = "InnerProduct") {
  return CaffeLayer(caffe, type, {Weight(model, ours + ".weight"), Weight(model, ours + ".bias")});
}

TEST(CaffeWeights, AClassifierIsUsedAndStartsAnFcn) {
  const TestFolder folder;
  const std::string path = folder.File("vgg.caffemodel");
  const std::shared_ptr<SegModel> source = UsedModel(TinySpec("classifier"), 10);
  WriteFileAtomically(
      path, std::string_view(Layers(*source, "") + Linear(*source, "fc6", "classifier.0") +
                             Linear(*source, "fc7", "classifier.3") +
                             Linear(*source, "fc8", "classifier.6")));
  ModelChoice choice;
  choice.model = TinySpec("classifier");
  const LoadedModel loaded = LoadModelFile(path, choice);
  EXPECT_EQ(Difference(Snapshot(*source), Snapshot(*loaded.model)), "");
  EXPECT_EQ(loaded.labels.size(), 10);
  EXPECT_EQ(loaded.model->preprocessing, Preprocessing::FromJson("caffe", "p"));

  const std::shared_ptr<SegModel> model = SeededModel(TinySpec("fcn8s"), 4, 8);
  InitFromFile(*model, {path, {}}, TinySpec("fcn8s"));
  EXPECT_TRUE(SameBits(Weight(*model, "backbone.features.18.weight"),
                       Weight(*source, "features.18.weight")));
  EXPECT_TRUE(SameBits(Weight(*model, "backbone.fc6.weight").flatten(1),
                       Weight(*source, "classifier.0.weight")));
  EXPECT_EQ(model->preprocessing.channel_order, "BGR");
}

TEST(CaffeWeights, AnFcnIsUsedWhole) {
  const TestFolder folder;
  const std::string path = folder.File("fcn32s.caffemodel");
  Json spec = TinySpec("fcn32s");
  spec["upsampling"] = "learned";  // for its bilinear filter
  const std::shared_ptr<SegModel> source = UsedModel(spec, 3);
  const at::Tensor fresh = Weight(*SeededModel(spec, 3), "upscore.weight");
  const auto write = [&](const at::Tensor& filters) {
    const at::Tensor weight = torch::zeros({3, 3, fresh.size(2), fresh.size(3)});
    for (int64_t c = 0; c < 3; ++c) weight[c][c].copy_(filters[c][0].detach());
    WriteFileAtomically(path,
                        std::string_view(Layers(*source, "backbone.") +
                                         Linear(*source, "fc6", "backbone.fc6", "Convolution") +
                                         Linear(*source, "fc7", "backbone.fc7", "Convolution") +
                                         Linear(*source, "score_fr", "score_fr", "Convolution") +
                                         CaffeLayer("upscore", "Deconvolution", {weight})));
  };
  ModelChoice choice;
  choice.model = TinySpec("fcn32s");
  choice.labels = TestLabels(3);
  choice.labels_from = "the test";
  write(fresh);
  const LoadedModel fixed = LoadModelFile(path, choice);
  EXPECT_TRUE(
      SameBits(Weight(*fixed.model, "score_fr.weight"), Weight(*source, "score_fr.weight")));
  EXPECT_TRUE(SameBits(Weight(*fixed.model, "backbone.fc6.weight"),
                       Weight(*source, "backbone.fc6.weight")));

  write(Weight(*source, "upscore.weight"));
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path, choice); }),
              AllOf(HasSubstr(path), HasSubstr("unexpected"), HasSubstr("upscore.weight")));
  choice.model = spec;
  EXPECT_EQ(Difference(Snapshot(*source), Snapshot(*LoadModelFile(path, choice).model)), "");
}

TEST(CaffeWeights, AnUnknownLayerIsAnError) {
  const TestFolder folder;
  const std::string path = folder.File("vgg.caffemodel");
  const std::shared_ptr<SegModel> source = UsedModel(TinySpec("classifier"), 10);
  WriteFileAtomically(
      path, std::string_view(Layers(*source, "") + Linear(*source, "fc6", "classifier.0") +
                             Linear(*source, "fc7", "classifier.3") +
                             Linear(*source, "fc8_voc12", "classifier.6")));
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec("fcn8s"), 4, 8);
  EXPECT_THAT(ErrorOf([&] {
                InitFromFile(*model, {path, {}});
              }),
              AllOf(HasSubstr(path), HasSubstr("fc8_voc12.weight")));
  InitFromFile(*model, {path, {"fc8_voc12"}});
  EXPECT_TRUE(
      SameBits(Weight(*model, "backbone.features.0.weight"), Weight(*source, "features.0.weight")));
}

}  // namespace
}  // namespace seglab
