#include "train/model_file.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "train/checkpoint.h"
#include "train/evaluator.h"
#include "train/test_model_files.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

at::Tensor SomeImage() {
  torch::manual_seed(3);
  return torch::randint(256, {1, 45, 33, 3}, at::TensorOptions().dtype(at::kByte));
}

at::Tensor Get(const NamedTensors& tensors, const std::string& name) {
  for (const auto& item : tensors) {
    if (item.first == name) return item.second;
  }
  throw std::logic_error("no tensor " + name);
}

TEST(ModelFile, GivesTheSameLogits) {
  for (const char* backbone : {"vgg11", "vgg11_bn"}) {
    const TestFolder folder;
    Json spec = TinySpec("fcn16s", backbone);
    spec["preprocessing"] = "caffe";
    spec["upsampling"] = "learned";
    const std::shared_ptr<SegModel> model = UsedModel(spec, 5);
    Save(folder.File("net.safetensors"), *model, spec, 5);

    const LoadedModel loaded = LoadModelFile(folder.File("net.safetensors"));
    EXPECT_FALSE(loaded.model->is_training());
    EXPECT_EQ(loaded.spec, spec);
    EXPECT_EQ(loaded.labels.names, TestLabels(5).names);
    EXPECT_EQ(loaded.labels.palette, TestLabels(5).palette);
    EXPECT_EQ(loaded.path, folder.File("net.safetensors"));
    EXPECT_EQ(loaded.model->preprocessing, model->preprocessing);
    EXPECT_EQ(loaded.model->preprocessing.channel_order, "BGR");
    EXPECT_EQ(Difference(Snapshot(*model), Snapshot(*loaded.model)), "");
    const at::Tensor expected = PredictLogits(*model, SomeImage());
    EXPECT_GT(expected.abs().max().item<double>(), 0);
    EXPECT_TRUE(SameBits(PredictLogits(*loaded.model, SomeImage()), expected)) << backbone;
  }
}

TEST(ModelFile, KeepsAPreprocessingOfItsOwn) {
  const TestFolder folder;
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 2);
  model->preprocessing.mean = {0.1, 1.0 / 3, 0.7};
  Save(folder.File("net.safetensors"), *model, TinySpec(), 2);
  EXPECT_EQ(LoadModelFile(folder.File("net.safetensors")).model->preprocessing,
            model->preprocessing);
}

TEST(ModelFile, TheFileOutlivesItsFolder) {
  const Json spec = TinySpec();
  LoadedModel loaded;
  at::Tensor expected;
  {
    const TestFolder folder;
    const std::shared_ptr<SegModel> model = UsedModel(spec, 2);
    Save(folder.File("net.safetensors"), *model, spec, 2);
    loaded = LoadModelFile(folder.File("net.safetensors"));
    expected = PredictLogits(*model, SomeImage());
  }
  EXPECT_TRUE(SameBits(PredictLogits(*loaded.model, SomeImage()), expected));
}

TEST(ModelFile, PrefersTheBestOfARunFolder) {
  const TestFolder folder;
  const Json spec = TinySpec();
  const std::shared_ptr<SegModel> last = UsedModel(spec, 2, 1), best = UsedModel(spec, 2, 2);
  Save(folder.File("last.safetensors"), *last, spec, 2);
  EXPECT_EQ(FindCheckpoint(folder.path()), folder.File("last.safetensors"));
  EXPECT_EQ(FindCheckpoint(folder.path(), "last"), folder.File("last.safetensors"));
  Save(folder.File("best.safetensors"), *best, spec, 2);
  EXPECT_EQ(FindCheckpoint(folder.path()), folder.File("best.safetensors"));
  EXPECT_EQ(FindCheckpoint(folder.path(), "last"), folder.File("last.safetensors"));
  EXPECT_EQ(FindCheckpoint(folder.File("last.safetensors")), folder.File("last.safetensors"));

  const LoadedModel loaded = LoadModelFile(folder.path());
  EXPECT_EQ(loaded.path, folder.File("best.safetensors"));
  EXPECT_EQ(Difference(Snapshot(*best), Snapshot(*loaded.model)), "");
}

TEST(ModelFile, LeavesTheOptimizerOut) {
  const TestFolder folder;
  const Json spec = TinySpec();
  const std::shared_ptr<SegModel> model = UsedModel(spec, 2);
  const Sgd optimizer(*model, TrainOptions());
  SaveCheckpoint(folder.File("last.safetensors"), *model, optimizer, TrainState(),
                 ModelMetadata(*model, spec, TestLabels(2)));
  const TensorFile file = ReadSafetensors(folder.File("last.safetensors"));
  EXPECT_GT(file.tensors.size(), ModelTensors(file).size());
  EXPECT_EQ(Difference(Snapshot(*model), Snapshot(*LoadModelFile(folder.path()).model)), "");

  TrainState finished;
  finished.finished = true;
  SaveCheckpoint(folder.File("last.safetensors"), *model, optimizer, finished, {});
  const TensorFile smaller = ReadSafetensors(folder.File("last.safetensors"));
  EXPECT_EQ(smaller.tensors.size(), ModelTensors(smaller).size());
}

TEST(ModelFile, ErrorsNameTheFile) {
  const TestFolder folder;
  const auto error = [](const std::string& path) { return ErrorOf([&] { LoadModelFile(path); }); };
  EXPECT_THAT(error(folder.File("nowhere")),
              AllOf(HasSubstr(folder.File("nowhere")), HasSubstr("no such checkpoint")));
  EXPECT_THAT(error(folder.path()),
              AllOf(HasSubstr(folder.path()), HasSubstr("holds no checkpoint")));

  const std::string foreign = folder.File("foreign.safetensors");
  WriteSafetensors(foreign, {{"conv1.weight", torch::zeros({4, 3})}});
  EXPECT_THAT(error(foreign),
              AllOf(HasSubstr(foreign + ": is no seglab checkpoint"), Not(HasSubstr("\n"))));

  const std::string text = folder.File("text.safetensors");
  WriteFileAtomically(text, std::string_view("this is no such file at all"));
  EXPECT_THAT(error(text), AllOf(HasSubstr(text), HasSubstr("no weight file")));

  const std::string truncated = folder.File("truncated.safetensors");
  const Json spec = TinySpec();
  Save(truncated, *SeededModel(spec, 2), spec, 2);
  std::filesystem::resize_file(truncated, std::filesystem::file_size(truncated) - 100);
  EXPECT_THAT(error(truncated), AllOf(HasSubstr(truncated), HasSubstr("truncated")));
}

TEST(ModelFile, WeightsThatDoNotFitTheirDescriptionAreAnError) {
  const TestFolder folder;
  const std::string path = folder.File("net.safetensors");
  Save(path, *SeededModel(TinySpec("fcn32s"), 3), TinySpec("fcn8s"), 3);
  const std::string error = ErrorOf([&] { LoadModelFile(path); });
  EXPECT_THAT(error, AllOf(HasSubstr(path), HasSubstr("missing"), HasSubstr("score_pool4.weight")));
  EXPECT_TRUE(IsOneLine(error)) << error;

  Save(path, *SeededModel(TinySpec("fcn32s"), 3), TinySpec("fcn32s"), 4);
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path); }),
              AllOf(HasSubstr("score_fr.weight"), HasSubstr("(3, 256, 1, 1)"),
                    HasSubstr("(4, 256, 1, 1)")));

  Json unknown = TinySpec();
  unknown["name"] = "fcn9s";
  Save(path, *SeededModel(TinySpec(), 3), unknown, 3);
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path); }),
              AllOf(HasSubstr(path), HasSubstr("\"fcn9s\"")));
}

TEST(InitFromFile, ALaterStageStartsFromAnEarlierOne) {
  const TestFolder folder;
  Json spec = TinySpec("fcn32s");
  spec["preprocessing"] = "caffe";
  const std::shared_ptr<SegModel> source = UsedModel(spec, 4);
  Save(folder.File("last.safetensors"), *source, spec, 4);
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec("fcn16s"), 4, 8);
  InitFromFile(*model, {folder.path(), {}});

  const NamedTensors from = Snapshot(*source), to = Snapshot(*model);
  EXPECT_EQ(Difference(Below(from, "backbone"), Below(to, "backbone")), "");
  EXPECT_EQ(Difference(Below(from, "score_fr"), Below(to, "score_fr")), "");
  EXPECT_EQ(Get(to, "score_pool4.weight").abs().max().item<double>(), 0);
  EXPECT_EQ(model->preprocessing, source->preprocessing);
  EXPECT_EQ(model->preprocessing.channel_order, "BGR");
}

TEST(InitFromFile, StartsFromTheLastStepNotFromTheBest) {
  const TestFolder folder;
  const Json spec = TinySpec("fcn32s");
  const std::shared_ptr<SegModel> last = UsedModel(spec, 2, 1), best = UsedModel(spec, 2, 2);
  Save(folder.File("last.safetensors"), *last, spec, 2);
  Save(folder.File("best.safetensors"), *best, spec, 2);
  const std::shared_ptr<SegModel> model = SeededModel(spec, 2, 3);
  InitFromFile(*model, {folder.path(), {}});
  EXPECT_EQ(Difference(Snapshot(*last), Snapshot(*model)), "");
}

TEST(InitFromFile, AnFcnStartsFromAClassifier) {
  for (const char* backbone : {"vgg11", "vgg11_bn"}) {
    const TestFolder folder;
    const Json spec = TinySpec("classifier", backbone);
    const std::shared_ptr<SegModel> source = UsedModel(spec, 10);
    Save(folder.File("classifier.safetensors"), *source, spec, 10);
    const std::shared_ptr<SegModel> model = SeededModel(TinySpec("fcn8s", backbone), 4, 8);
    InitFromFile(*model, {folder.File("classifier.safetensors"), {}});

    const NamedTensors from = Snapshot(*source), to = Snapshot(*model);
    for (const auto& [name, tensor] : Below(from, "features")) {
      EXPECT_TRUE(SameBits(tensor, Get(to, "backbone." + name))) << name;
    }
    const at::Tensor fc6 = Get(to, "backbone.fc6.weight");
    EXPECT_TRUE(SameBits(fc6.flatten(1), Get(from, "classifier.0.weight")));
    EXPECT_TRUE(SameBits(Get(to, "backbone.fc6.bias"), Get(from, "classifier.0.bias")));
    EXPECT_TRUE(
        SameBits(Get(to, "backbone.fc7.weight").flatten(1), Get(from, "classifier.3.weight")));
    EXPECT_TRUE(SameBits(Get(to, "backbone.fc7.bias"), Get(from, "classifier.3.bias")));
    EXPECT_EQ(Get(to, "score_fr.weight").abs().max().item<double>(), 0);
  }
}

TEST(InitFromFile, AnotherNetworkIsOneMessageAndChangesNothing) {
  const TestFolder folder;
  const std::string path = folder.File("other.safetensors");
  const Json other = TinySpec("fcn8s", "vgg13_bn");
  Save(path, *UsedModel(other, 4), other, 4);
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 4, 8);
  const NamedTensors before = Snapshot(*model);
  const std::string error = ErrorOf([&] { InitFromFile(*model, {path, {}}); });
  EXPECT_THAT(error, AllOf(HasSubstr(path), HasSubstr("missing"), HasSubstr("unexpected"),
                           HasSubstr("wrong shape"), HasSubstr("backbone.features")));
  EXPECT_TRUE(IsOneLine(error)) << error;
  EXPECT_EQ(Difference(before, Snapshot(*model)), "");
}

TEST(InitFromFile, AForeignFileIsOneMessage) {
  const TestFolder folder;
  const std::string path = folder.File("foreign.safetensors");
  WriteSafetensors(path, {{"conv1.weight", torch::zeros({4, 3, 3, 3})}});
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 4);
  const std::string error = ErrorOf([&] { InitFromFile(*model, {path, {}}); });
  EXPECT_THAT(error, AllOf(HasSubstr(path), HasSubstr("conv1.weight")));
  EXPECT_TRUE(IsOneLine(error)) << error;
}

TEST(InitFromFile, SkippedLayersStayFresh) {
  const TestFolder folder;
  const std::string path = folder.File("net.safetensors");
  const Json spec = TinySpec("fcn32s");
  const std::shared_ptr<SegModel> source = UsedModel(spec, 4);
  Save(path, *source, spec, 4);

  const std::shared_ptr<SegModel> model = SeededModel(spec, 9, 8);
  EXPECT_THAT(ErrorOf([&] { InitFromFile(*model, {path, {}}); }), HasSubstr("score_fr.weight"));
  InitFromFile(*model, {path, {"score_fr"}});
  const NamedTensors from = Snapshot(*source), to = Snapshot(*model);
  EXPECT_EQ(Difference(Below(from, "backbone"), Below(to, "backbone")), "");
  EXPECT_EQ(Get(to, "score_fr.weight").abs().max().item<double>(), 0);

  const std::shared_ptr<SegModel> partly = SeededModel(spec, 4, 8);
  const NamedTensors fresh = Snapshot(*partly);
  InitFromFile(*partly, {path, {"backbone.fc6", "backbone.fc7"}});
  const NamedTensors now = Snapshot(*partly);
  EXPECT_EQ(Difference(Below(fresh, "backbone.fc6"), Below(now, "backbone.fc6")), "");
  EXPECT_EQ(Difference(Below(fresh, "backbone.fc7"), Below(now, "backbone.fc7")), "");
  EXPECT_EQ(Difference(Below(from, "backbone.features"), Below(now, "backbone.features")), "");
  EXPECT_EQ(Difference(Below(from, "score_fr"), Below(now, "score_fr")), "");
}

TEST(InitFromFile, SkippedLayersGoByTheNetworksNamesToo) {
  const TestFolder folder;
  const std::string path = folder.File("classifier.safetensors");
  const Json spec = TinySpec("classifier");
  const std::shared_ptr<SegModel> source = UsedModel(spec, 10);
  Save(path, *source, spec, 10);
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec("fcn32s"), 4, 8);
  const NamedTensors fresh = Snapshot(*model);
  InitFromFile(*model, {path, {"backbone.fc6"}});
  const NamedTensors now = Snapshot(*model);
  EXPECT_EQ(Difference(Below(fresh, "backbone.fc6"), Below(now, "backbone.fc6")), "");
  EXPECT_TRUE(SameBits(Get(now, "backbone.fc7.weight").flatten(1),
                       Get(Snapshot(*source), "classifier.3.weight")));

  const std::string error = ErrorOf([&] { InitFromFile(*model, {path, {"backbone.fc66"}}); });
  EXPECT_THAT(error, AllOf(HasSubstr(path), HasSubstr("\"backbone.fc66\""),
                           HasSubstr("did you mean \"backbone.fc6\"?")));
}

TEST(InitFromFile, WhatNamesDoNotTellIsAWarning) {
  const TestFolder folder;
  const std::string path = folder.File("net.safetensors");
  Json spec = {{"name", "classifier"}, {"backbone", {{"name", "mobilenet_v1"}, {"width", 0.25}}}};
  Save(path, *UsedModel(spec, 3), spec, 3);
  const auto log = [&] {
    const std::shared_ptr<SegModel> model = SeededModel(spec, 3, 8);
    return LogOf([&] { InitFromFile(*model, {path, {}}, spec); });
  };
  EXPECT_EQ(log(), "");
  spec["backbone"]["relu6"] = true;
  EXPECT_THAT(log(), AllOf(HasSubstr("warning: " + path), HasSubstr("relu6")));
}

TEST(InitFromFile, ReadsAnUnfinishedCheckpoint) {
  const TestFolder folder;
  const Json spec = TinySpec("fcn32s");
  const std::shared_ptr<SegModel> source = UsedModel(spec, 2);
  SaveCheckpoint(folder.File("last.safetensors"), *source, Sgd(*source, TrainOptions()),
                 TrainState(), ModelMetadata(*source, spec, TestLabels(2)));
  const std::shared_ptr<SegModel> model = SeededModel(spec, 2, 8);
  InitFromFile(*model, {folder.path(), {}});
  EXPECT_EQ(Difference(Snapshot(*source), Snapshot(*model)), "");
}

TEST(Labels, AreTheSameAfterJson) {
  const LabelSet labels = TestLabels(7);
  const auto parse = [](const std::string& text) {
    return LabelsFromJson(ParseJson(text, "test"), "x");
  };
  const LabelSet back = parse(LabelsToJson(labels).dump());
  EXPECT_EQ(back.names, labels.names);
  EXPECT_EQ(back.palette, labels.palette);
  EXPECT_THAT(ErrorOf([&] { parse(R"({"names": ["a"], "palette": [[1, 2]]})"); }),
              HasSubstr("x.palette: "));
  EXPECT_THAT(ErrorOf([&] { parse(R"({"palette": []})"); }), HasSubstr("x.names: "));
}

}  // namespace
}  // namespace seglab
