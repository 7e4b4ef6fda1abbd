#include <gmock/gmock.h>
#include <torch/torch.h>

#include <memory>
#include <string>

#include "data/voc.h"
#include "weights/load.h"
#include "weights/test_model_files.h"

// Files of other programs, used as networks.
namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ModelChoice Choice(const Json& spec, const LabelSet& labels = {}) {
  ModelChoice choice;
  choice.model = spec;
  choice.labels = labels;
  choice.labels_from = "the test";
  return choice;
}

TEST(ForeignWeights, AreUsedWithTheNetworkThatIsNamed) {
  const TestFolder folder;
  const std::string path = folder.File("bare.safetensors");
  const std::shared_ptr<SegModel> model = UsedModel(TinySpec("fcn8s"), 21);
  SaveBare(path, *model);
  LoadedModel loaded;
  const std::string log = LogOf([&] { loaded = LoadModelFile(path, Choice(TinySpec("fcn8s"))); });
  EXPECT_EQ(Difference(Snapshot(*model), Snapshot(*loaded.model)), "");
  EXPECT_FALSE(loaded.model->is_training());
  EXPECT_EQ(loaded.labels.names, VocLabels().names);
  EXPECT_THAT(log, AllOf(HasSubstr(path + ": its 21 classes are taken for"),
                         HasSubstr("warning: " + path), HasSubstr("\"imagenet\" is assumed")));

  Json spec = TinySpec("fcn8s");
  spec["preprocessing"] = "caffe";
  const LabelSet labels = TestLabels(21);
  EXPECT_EQ(LogOf([&] { loaded = LoadModelFile(path, Choice(spec, labels)); }), "");
  EXPECT_EQ(loaded.labels.names, labels.names);
  EXPECT_EQ(loaded.model->preprocessing, Preprocessing::FromJson("caffe", "p"));
}

TEST(ForeignWeights, WhatTheyDoNotSayMustBeSaid) {
  const TestFolder folder;
  const std::string path = folder.File("bare.safetensors");
  SaveBare(path, *UsedModel(TinySpec("fcn8s"), 5));
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path); }),
              AllOf(HasSubstr(path + ": is no seglab checkpoint"), HasSubstr("--model")));
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path, Choice(TinySpec("fcn8s"))); }),
              AllOf(HasSubstr(path), HasSubstr("5 classes"), HasSubstr("--labels")));
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path, Choice(TinySpec("fcn8s"), TestLabels(4))); }),
              HasSubstr("they are for 5 classes, the network is for 4"));
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path, Choice(TinySpec("fcn16s"), TestLabels(5))); }),
              AllOf(HasSubstr("unexpected"), HasSubstr("score_pool3.weight")));
  Json other = TinySpec("fcn8s");
  other["name"] = "fcn9s";
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path, Choice(other)); }), HasSubstr("--model.name"));
}

TEST(ForeignWeights, AnUnknownPreprocessingMayBeRefused) {
  const TestFolder folder;
  const std::string path = folder.File("bare.safetensors");
  SaveBare(path, *UsedModel(TinySpec(), 5));
  ModelChoice choice = Choice(TinySpec(), TestLabels(5));
  choice.require_preprocessing = true;
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path, choice); }),
              AllOf(HasSubstr(path), HasSubstr("--preprocessing")));
  choice.model["preprocessing"] = "unit";
  EXPECT_EQ(LoadModelFile(path, choice).model->preprocessing, Preprocessing::FromJson("unit", "p"));
}

TEST(ForeignWeights, MetadataOfAnotherProgramIsNotOurs) {
  const TestFolder folder;
  const std::string path = folder.File("bare.safetensors");
  const std::shared_ptr<SegModel> model = UsedModel(TinySpec("fcn8s"), 5);
  SaveBare(path, *model, {{"format", "pt"}, {"model", "unet"}, {"labels", "sky road"}});
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path); }), HasSubstr("is no seglab checkpoint"));
  const LoadedModel loaded = LoadModelFile(path, Choice(TinySpec("fcn8s"), TestLabels(5)));
  EXPECT_EQ(Difference(Snapshot(*model), Snapshot(*loaded.model)), "");
  EXPECT_EQ(loaded.labels.names, TestLabels(5).names);
}

TEST(ForeignWeights, ACheckpointKeepsItsNumberOfClasses) {
  const TestFolder folder;
  const std::string path = folder.File("net.safetensors");
  Save(path, *UsedModel(TinySpec(), 5), TinySpec(), 5);
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path, Choice(nullptr, TestLabels(3))); }),
              AllOf(HasSubstr("5 classes"), HasSubstr("the test has 3")));
  LabelSet renamed = TestLabels(5);
  renamed.names[0] = "sky";
  EXPECT_EQ(LoadModelFile(path, Choice(nullptr, renamed)).labels.names[0], "sky");
}

TEST(ForeignWeights, ClassesAreCountedByTheScoreLayer) {
  const TestFolder folder;
  const std::string path = folder.File("bare.safetensors");
  Json learned = TinySpec("fcn16s", "vgg11_bn");
  learned["upsampling"] = "learned";
  for (const Json& spec : {TinySpec("fcn32s"), learned, TinySpec("classifier")}) {
    for (int classes : {1, 2, 13}) {
      SaveBare(path, *UsedModel(spec, classes));
      EXPECT_EQ(ClassesOfWeights(ReadSafetensors(path), spec, "--model", path), classes)
          << spec.dump();
    }
  }
  Json named = TinySpec();
  named["num_classes"] = 7;
  EXPECT_EQ(ClassesOfWeights(ReadSafetensors(path), named, "--model", path), 7);
  named["num_classes"] = 0;
  EXPECT_THAT(ErrorOf([&] { ClassesOfWeights({}, named, "--model", path); }),
              HasSubstr("--model.num_classes"));
}

TEST(ForeignWeights, AnAuxiliaryHeadMayBeLeftOver) {
  const TestFolder folder;
  const std::string path = folder.File("bare.safetensors");
  const Json with = {{"name", "fcn_resnet50"}, {"width", 1.0 / 64}, {"aux_loss", true}},
             without = {{"name", "fcn_resnet50"}, {"width", 1.0 / 64}};
  SaveBare(path, *UsedModel(with, 3));
  const std::string log = LogOf([&] { LoadModelFile(path, Choice(without, TestLabels(3))); });
  EXPECT_THAT(log, HasSubstr("auxiliary head is left out"));
  SaveBare(path, *UsedModel(without, 3));
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path, Choice(with, TestLabels(3))); }),
              AllOf(HasSubstr("missing"), HasSubstr("aux_classifier")));
}

}  // namespace
}  // namespace seglab
