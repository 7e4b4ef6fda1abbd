#include <gmock/gmock.h>
#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "data/voc.h"
#include "train/model_file.h"
#include "train/test_model_files.h"

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

TEST(InitFromFile, PreprocessingIsTheFilesOrAnError) {
  const TestFolder folder;
  const std::string path = folder.File("net.safetensors");
  Json spec = TinySpec();
  spec["preprocessing"] = "caffe";
  Save(path, *UsedModel(spec, 3), spec, 3);

  Json other = TinySpec();
  other["preprocessing"] = "imagenet";
  const std::shared_ptr<SegModel> model = SeededModel(other, 3, 8);
  const NamedTensors before = Snapshot(*model);
  EXPECT_THAT(ErrorOf([&] {
                InitFromFile(*model, {path, {}}, other);
              }),
              AllOf(HasSubstr(path), HasSubstr("\"caffe\""), HasSubstr("\"imagenet\"")));
  EXPECT_EQ(Difference(before, Snapshot(*model)), "");

  // Without the spec, what is not MakeModel's own must have been named.
  other["preprocessing"] = "unit";
  EXPECT_THAT(ErrorOf([&] {
                InitFromFile(*SeededModel(other, 3, 8), {path, {}});
              }),
              AllOf(HasSubstr("\"caffe\""), HasSubstr("\"unit\"")));
  InitFromFile(*model, {path, {}}, TinySpec());
  EXPECT_EQ(model->preprocessing.channel_order, "BGR");
}

TEST(InitFromFile, AFileThatStatesNoPreprocessingIsAWarning) {
  const TestFolder folder;
  const std::string path = folder.File("bare.safetensors");
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 3, 8);
  SaveBare(path, *UsedModel(TinySpec(), 3));
  EXPECT_THAT(LogOf([&] {
                InitFromFile(*model, {path, {}}, TinySpec());
              }),
              AllOf(HasSubstr("warning: " + path), HasSubstr("is assumed")));
  Json named = TinySpec();
  named["preprocessing"] = "unit";
  const std::shared_ptr<SegModel> other = SeededModel(named, 3, 8);
  EXPECT_EQ(LogOf([&] { InitFromFile(*other, {path, {}}, named); }), "");
  EXPECT_EQ(other->preprocessing, Preprocessing::FromJson("unit", "p"));
}

TEST(InitFromFile, OtherClassesAreAHintToSkipTheLayer) {
  const TestFolder folder;
  const std::string path = folder.File("net.safetensors");
  Save(path, *UsedModel(TinySpec("fcn8s"), 4), TinySpec("fcn8s"), 4);
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec("fcn8s"), 9, 8);
  const std::string error = ErrorOf([&] { InitFromFile(*model, {path, {}}); });
  EXPECT_THAT(error, HasSubstr("they are for 4 classes, the network is for 9"));
  EXPECT_THAT(error, HasSubstr(R"("skip": ["score_fr", "score_pool4", "score_pool3"]})"));
  EXPECT_TRUE(IsOneLine(error)) << error;
  InitFromFile(*model, {path, {"score_fr", "score_pool4", "score_pool3"}});
}

TEST(Labels, AreNamedByUsers) {
  const TestFolder folder;
  EXPECT_EQ(ParseLabels("voc", "--labels").names, VocLabels().names);
  EXPECT_EQ(ParseLabels("camvid", "--labels").size(), 11);
  const std::string path = folder.File("classes.json");
  const auto parse = [&](const std::string& text) {
    WriteFileAtomically(path, std::string_view(text));
    return ParseLabels(path, "--labels");
  };
  const LabelSet plain = parse(R"({"names": ["a", "b"], "ignore": [11]})");
  EXPECT_EQ(plain.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(plain.palette[1], VocColor(1));
  const LabelSet colored = parse(R"({"names": ["a"], "palette": [[1, 2, 3]]})");
  EXPECT_EQ(colored.palette[0], (Color{1, 2, 3}));
  for (const char* bad :
       {"[]", "{}", R"({"names": []})", R"({"names": ["a"], "palette": []})",
        R"({"names": ["a"], "palette": [[1, 2, 300]]})", R"({"names": ["a"], "colors": []})"}) {
    EXPECT_THAT(ErrorOf([&] { parse(bad); }), HasSubstr(path)) << bad;
  }
  EXPECT_THAT(ErrorOf([] { ParseLabels("vok", "--labels"); }),
              AllOf(HasSubstr("--labels"), HasSubstr("\"vok\"")));
}

TEST(ModelSpec, IsANameOrJsonOrAFile) {
  const TestFolder folder;
  const Json spec = {{"name", "fcn8s"}, {"geometry", "published"}};
  WriteFileAtomically(folder.File("net.json"), spec.dump());
  EXPECT_EQ(ParseModelSpec(folder.File("net.json"), "--model"), spec);
  EXPECT_EQ(ParseModelSpec(" " + spec.dump(), "--model"), spec);
  EXPECT_EQ(ParseModelSpec("fcn8s", "--model"), (Json{{"name", "fcn8s"}}));
  EXPECT_THAT(ErrorOf([] { ParseModelSpec("{\"name\": ", "--model"); }), HasSubstr("--model:1:"));
  EXPECT_EQ(ParseModelSpec("vgg16", "--model"),
            (Json{{"name", "classifier"}, {"backbone", "vgg16"}}));
}

}  // namespace
}  // namespace seglab
