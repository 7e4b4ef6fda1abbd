#include "weights/checkpoint_file.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <memory>
#include <string>

#include "weights/test_model_files.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(FindCheckpoint, PrefersWhatIsAskedForAndFallsBackToTheLast) {
  const TestFolder folder;
  const Json spec = TinySpec();
  const std::shared_ptr<SegModel> model = SeededModel(spec, 2);
  Save(folder.File("last.safetensors"), *model, spec, 2);
  EXPECT_EQ(FindCheckpoint(folder.path()), folder.File("last.safetensors"));
  EXPECT_EQ(FindCheckpoint(folder.path(), "last"), folder.File("last.safetensors"));
  Save(folder.File("best.safetensors"), *model, spec, 2);
  EXPECT_EQ(FindCheckpoint(folder.path()), folder.File("best.safetensors"));
  EXPECT_EQ(FindCheckpoint(folder.path(), "last"), folder.File("last.safetensors"));
  EXPECT_EQ(FindCheckpoint(folder.File("last.safetensors")), folder.File("last.safetensors"));
}

TEST(FindCheckpoint, ErrorsNameThePlace) {
  const TestFolder folder;
  const auto error = [](const std::string& path) { return ErrorOf([&] { FindCheckpoint(path); }); };
  EXPECT_THAT(error(folder.File("nowhere")),
              AllOf(HasSubstr(folder.File("nowhere")), HasSubstr("no such checkpoint")));
  EXPECT_THAT(error(folder.path()),
              AllOf(HasSubstr(folder.path()), HasSubstr("holds no checkpoint")));
}

TEST(Checkpoint, SaysWhatItsNetworkIs) {
  const Json spec = {{"name", "fcn16s"},
                     {"geometry", "published"},
                     {"backbone", {{"name", "vgg11"}, {"width", 0.0625}}}};
  const std::shared_ptr<SegModel> model = SeededModel(spec, 3);
  const TensorFile file = {{}, ModelMetadata(*model, spec, TestLabels(3))};
  ASSERT_TRUE(IsCheckpoint(file));
  EXPECT_EQ(CheckpointSpec(file, "a"), spec);
  EXPECT_EQ(CheckpointLabels(file, "a").names, TestLabels(3).names);
  EXPECT_EQ(CheckpointLabels(file, "a").palette, TestLabels(3).palette);
  EXPECT_EQ(CheckpointTraits(file, "a"), model->Traits());
  EXPECT_EQ(model->Traits(), (NetworkTraits{{"geometry", "published"}}));
}

TEST(Checkpoint, TraitsMayBeNoneOrUnknown) {
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 3);
  TensorFile file = {{}, ModelMetadata(*model, TinySpec(), TestLabels(3))};
  EXPECT_EQ(file.metadata.at("traits"), "{}");
  EXPECT_EQ(CheckpointTraits(file, "a"), NetworkTraits());
  file.metadata.erase("traits");
  EXPECT_EQ(CheckpointTraits(file, "a"), std::nullopt);
}

TEST(Checkpoint, DamagedMetadataIsAnErrorThatNamesThePart) {
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 3);
  TensorFile file = {{}, ModelMetadata(*model, TinySpec(), TestLabels(3))};
  for (const char* bad : {"[]", "{", R"({"geometry": 3})"}) {
    file.metadata["traits"] = bad;
    EXPECT_THAT(ErrorOf([&] { CheckpointTraits(file, "a.safetensors"); }),
                HasSubstr("a.safetensors (traits)"));
  }
  file.metadata["labels"] = "{}";
  EXPECT_THAT(ErrorOf([&] { CheckpointLabels(file, "a.safetensors"); }),
              HasSubstr("a.safetensors (labels)"));
  file.metadata.erase("labels");
  EXPECT_THAT(ErrorOf([&] { CheckpointLabels(file, "a.safetensors"); }),
              AllOf(HasSubstr("a.safetensors"), HasSubstr("damaged")));
}

TEST(Checkpoint, MetadataOfAnotherProgramIsNone) {
  TensorFile file;
  EXPECT_FALSE(IsCheckpoint(file));
  file.metadata = {{"format", "pt"}, {"model", "unet"}, {"labels", "sky road"}};
  EXPECT_FALSE(IsCheckpoint(file));
  file.metadata = {{"format", "seglab"}};
  EXPECT_FALSE(IsCheckpoint(file));
}

TEST(ModelTensors, AreAllButTheOptimizers) {
  const TestFolder folder;
  const std::shared_ptr<SegModel> model = UsedModel(TinySpec(), 2);
  SaveUnfinished(folder.File("last.safetensors"), *model, TinySpec(), 2);
  const TensorFile file = ReadSafetensors(folder.File("last.safetensors"));
  EXPECT_EQ(ModelTensors(file).size(), ModuleState(*model).size());
  EXPECT_GT(file.tensors.size(), ModelTensors(file).size());
}

TEST(ModelTensors, OfAnUnfinishedTrainingAreTheAverages) {
  const std::shared_ptr<SegModel> model = UsedModel(TinySpec(), 2);
  TensorFile file = {ModuleState(*model), ModelMetadata(*model, TinySpec(), TestLabels(2))};
  const auto [name, weight] = file.tensors.front();
  const at::Tensor average = weight.detach() + 1;
  file.tensors.emplace_back(kAveragePrefix + name, average);
  file.tensors.emplace_back(kOptimizerPrefix + ("momentum." + name), weight);
  EXPECT_EQ(ModelTensors(file).size(), ModuleState(*model).size());
  EXPECT_TRUE(Get(ModelTensors(file), name).is_same(average));
  EXPECT_EQ(Difference(TrainedTensors(file), ModuleState(*model)), "");
  const std::string other = file.tensors[1].first;
  EXPECT_TRUE(Get(ModelTensors(file), other).is_same(file.tensors[1].second));

  file.metadata.clear();  // another program's layer
  EXPECT_TRUE(Get(ModelTensors(file), kAveragePrefix + name).is_same(average));
}

}  // namespace
}  // namespace seglab
