#include "weights/weight_preprocessing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"
#include "models/test_models.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Preprocessing Named(const std::string& name) { return Preprocessing::FromJson(Json(name), "p"); }

/// A file with tensors of these names and shapes, as Python saves it.
TensorFile FileOf(const std::vector<std::pair<std::string, std::vector<int64_t>>>& tensors,
                  const std::string& format = "pth") {
  TensorFile file;
  file.format = format;
  for (const auto& [name, shape] : tensors)
    file.tensors.emplace_back(name, torch::zeros({}).expand(shape));
  return file;
}

TensorFile ResNet(int64_t classes = 1000) {
  return FileOf({{"conv1.weight", {64, 3, 7, 7}},
                 {"layer4.0.conv1.weight", {512, 256, 3, 3}},
                 {"fc.weight", {classes, 512}}});
}

TensorFile GoogLeNet() {
  return FileOf({{"conv1.conv.weight", {64, 3, 7, 7}},
                 {"inception3a.branch1.bn.weight", {64}},
                 {"fc.weight", {1000, 1024}}});
}

TensorFile Stating(const std::string& name) {
  TensorFile file = ResNet();
  Named(name).ToMetadata(file.metadata);
  return file;
}

PreprocessingChoice Choose(const TensorFile& file, const std::string& named = "",
                           const NetworkTraits& traits = {}) {
  if (named.empty()) return ChoosePreprocessing(file, traits, nullptr, "a.pth");
  const Preprocessing value = Named(named);
  return ChoosePreprocessing(file, traits, &value, "a.pth");
}

TEST(WeightPreprocessingTest, WhatAFileStatesCounts) {
  for (const char* name : {"caffe", "unit", "imagenet"}) {
    const TensorFile file = Stating(name);
    const WeightPreprocessing found = PreprocessingOf(file, {}, "a");
    EXPECT_EQ(found.source, PreprocessingSource::kStated);
    EXPECT_TRUE(found.value == Named(name));
    EXPECT_TRUE(Choose(file).value == Named(name));
    EXPECT_EQ(Choose(file).remark, "");
    EXPECT_TRUE(Choose(file, name).value == Named(name));
  }
}

TEST(WeightPreprocessingTest, ContradictingAFileIsAnErrorThatNamesBoth) {
  for (const char* named : {"imagenet", "unit"}) {
    try {
      Choose(Stating("caffe"), named);
      FAIL() << named << " was accepted";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("a.pth"), HasSubstr("\"caffe\""),
                                      HasSubstr("\"" + std::string(named) + "\"")));
    }
  }
  EXPECT_THROW(Choose(Stating("unit"), "imagenet"), Error);
  EXPECT_THROW(Choose(Stating("imagenet"), "unit"), Error);
}

TEST(WeightPreprocessingTest, RoundedMeansContradictNothing) {
  TensorFile file = ResNet();
  file.metadata = {
      {"channel_order", "BGR"}, {"scale", "1"}, {"mean", "104,117,123"}, {"std", "1,1,1"}};
  const PreprocessingChoice choice = Choose(file, "caffe");
  EXPECT_EQ(choice.value.mean[1], 117) << "the file's own is taken";
  file.metadata["mean"] = "104,119,123";
  EXPECT_THROW(Choose(file, "caffe"), Error);
  file.metadata["mean"] = "104,117,123";
  file.metadata["channel_order"] = "RGB";
  EXPECT_THROW(Choose(file, "caffe"), Error);
}

TEST(WeightPreprocessingTest, TorchvisionsFilesAreKnown) {
  const std::vector<TensorFile> files = {
      ResNet(),
      FileOf({{"features.0.weight", {64, 3, 3, 3}}, {"classifier.6.weight", {1000, 4096}}}),
      FileOf({{"features.0.weight", {64, 3, 11, 11}}, {"classifier.6.weight", {1000, 4096}}}),
      FileOf({{"features.3.squeeze.weight", {16, 64, 1, 1}},
              {"classifier.1.weight", {1000, 512, 1, 1}}}),
      FileOf({{"features.0.0.weight", {32, 3, 3, 3}}, {"classifier.1.weight", {1000, 1280}}}),
      FileOf({{"backbone.conv1.weight", {64, 3, 7, 7}},
              {"backbone.layer4.0.conv1.weight", {512, 1024, 1, 1}},
              {"classifier.4.weight", {21, 512, 1, 1}}}),
      GoogLeNet()};
  for (const TensorFile& file : files) {
    const std::string expected = &file == &files.back() ? "unit" : "imagenet";
    const WeightPreprocessing found = PreprocessingOf(file, {}, "a");
    EXPECT_EQ(found.source, PreprocessingSource::kKnown) << file.tensors[0].first;
    EXPECT_TRUE(found.value == Named(expected)) << file.tensors[0].first;
    const PreprocessingChoice choice = Choose(file);
    EXPECT_FALSE(choice.warning);
    EXPECT_THAT(choice.remark, AllOf(HasSubstr("a.pth"), HasSubstr("\"" + expected + "\""),
                                     HasSubstr("torchvision's")));
  }
}

TEST(WeightPreprocessingTest, AGoogLeNetThatTransformsItsInputTakesImagenet) {
  const NetworkTraits transforms = {{"input", "unit"}};
  EXPECT_TRUE(Choose(GoogLeNet()).value == Named("unit"));
  EXPECT_TRUE(Choose(GoogLeNet(), "", transforms).value == Named("imagenet"));
  EXPECT_TRUE(Choose(Stating("unit"), "", transforms).value == Named("imagenet"));
  EXPECT_TRUE(Choose(Stating("imagenet"), "", transforms).value == Named("imagenet"));
  EXPECT_THAT(ErrorOf([&] { Choose(Stating("caffe"), "", transforms); }),
              AllOf(HasSubstr("a.pth"), HasSubstr("\"caffe\""), HasSubstr("transform_input")));
  const Json spec = {{"name", "classifier"},
                     {"backbone", {{"name", "googlenet"}, {"transform_input", true}}}};
  EXPECT_EQ(SeededModel(spec, 2)->Traits(), transforms);
}

TEST(WeightPreprocessingTest, ACaffeNetworksFileIsNotTorchvisions) {
  const NetworkTraits caffe = {{"variant", "caffe"}};
  EXPECT_TRUE(Choose(ResNet(), "", caffe).warning);
  EXPECT_TRUE(Choose(ResNet(), "caffe", caffe).value == Named("caffe"));
  EXPECT_FALSE(Choose(ResNet(), "caffe", caffe).warning);
}

TEST(WeightPreprocessingTest, CaffesFormatIsKnown) {
  const TensorFile file = FileOf({{"conv1_1.weight", {64, 3, 3, 3}}}, "caffemodel");
  EXPECT_TRUE(Choose(file).value == Named("caffe"));
  EXPECT_FALSE(Choose(file).warning);
}

TEST(WeightPreprocessingTest, WhatIsOnlyKnownGivesWayWithAWarning) {
  const PreprocessingChoice choice = Choose(ResNet(), "caffe");
  EXPECT_TRUE(choice.value == Named("caffe"));
  EXPECT_TRUE(choice.warning);
  EXPECT_THAT(choice.remark, AllOf(HasSubstr("\"caffe\""), HasSubstr("\"imagenet\"")));
  EXPECT_EQ(Choose(ResNet(), "imagenet").remark, "");
}

TEST(WeightPreprocessingTest, WhatNobodyKnowsIsAWarning) {
  for (const TensorFile& file :
       {ResNet(10), FileOf({{"conv1.weight", {64, 3, 7, 7}}}), FileOf({})}) {
    EXPECT_EQ(PreprocessingOf(file, {}, "a").source, PreprocessingSource::kUnknown);
    const PreprocessingChoice choice = Choose(file);
    EXPECT_TRUE(choice.value == Named("imagenet"));
    EXPECT_TRUE(choice.warning);
    EXPECT_TRUE(choice.assumed);
    EXPECT_THAT(choice.remark, AllOf(HasSubstr("a.pth"), HasSubstr("\"imagenet\" is assumed"),
                                     HasSubstr("\"preprocessing\": ")));
    EXPECT_EQ(Choose(file, "unit").remark, "");
    EXPECT_FALSE(Choose(file, "unit").assumed);
    EXPECT_TRUE(Choose(file, "unit").value == Named("unit"));
  }
}

TEST(WeightPreprocessingTest, NamedIsWhatTheNetworksJsonNames) {
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 2);
  Json spec = TinySpec();
  EXPECT_EQ(NamedPreprocessing(*model, spec), nullptr);
  EXPECT_EQ(NamedPreprocessing(*model, nullptr), nullptr);
  spec["preprocessing"] = "imagenet";
  EXPECT_EQ(NamedPreprocessing(*model, spec), &model->preprocessing);
  model->preprocessing = Named("caffe");
  EXPECT_EQ(NamedPreprocessing(*model, nullptr), &model->preprocessing);
}

}  // namespace
}  // namespace seglab
