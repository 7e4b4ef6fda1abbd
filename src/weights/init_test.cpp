#include "weights/init.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <memory>
#include <string>

#include "weights/test_model_files.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

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

TEST(InitFromFile, ReadsAnUnfinishedCheckpoint) {
  const TestFolder folder;
  const Json spec = TinySpec("fcn32s");
  const std::shared_ptr<SegModel> source = UsedModel(spec, 2);
  SaveUnfinished(folder.File("last.safetensors"), *source, spec, 2);
  const std::shared_ptr<SegModel> model = SeededModel(spec, 2, 8);
  InitFromFile(*model, {folder.path(), {}});
  EXPECT_EQ(Difference(Snapshot(*source), Snapshot(*model)), "");
}

}  // namespace
}  // namespace seglab
