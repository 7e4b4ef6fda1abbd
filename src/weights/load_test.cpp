#include "weights/load.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/files.h"
#include "tensor/preprocessing.h"
#include "weights/test_model_files.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

at::Tensor SomeImage() {
  torch::manual_seed(3);
  return torch::randint(256, {1, 45, 33, 3}, at::TensorOptions().dtype(at::kByte));
}

at::Tensor Logits(SegModel& model, const at::Tensor& image) {
  torch::NoGradGuard no_grad;
  model.eval();
  return model.forward(Preprocess(image, model.preprocessing)).logits;
}

TEST(LoadModelFile, GivesTheSameLogits) {
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
    const at::Tensor expected = Logits(*model, SomeImage());
    EXPECT_GT(expected.abs().max().item<double>(), 0);
    EXPECT_TRUE(SameBits(Logits(*loaded.model, SomeImage()), expected)) << backbone;
  }
}

TEST(LoadModelFile, KeepsAPreprocessingOfItsOwn) {
  const TestFolder folder;
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 2);
  model->preprocessing.mean = {0.1, 1.0 / 3, 0.7};
  Save(folder.File("net.safetensors"), *model, TinySpec(), 2);
  EXPECT_EQ(LoadModelFile(folder.File("net.safetensors")).model->preprocessing,
            model->preprocessing);
}

TEST(LoadModelFile, TheFileOutlivesItsFolder) {
  const Json spec = TinySpec();
  LoadedModel loaded;
  at::Tensor expected;
  {
    const TestFolder folder;
    const std::shared_ptr<SegModel> model = UsedModel(spec, 2);
    Save(folder.File("net.safetensors"), *model, spec, 2);
    loaded = LoadModelFile(folder.File("net.safetensors"));
    expected = Logits(*model, SomeImage());
  }
  EXPECT_TRUE(SameBits(Logits(*loaded.model, SomeImage()), expected));
}

TEST(LoadModelFile, PrefersTheBestOfARunFolder) {
  const TestFolder folder;
  const Json spec = TinySpec();
  const std::shared_ptr<SegModel> last = UsedModel(spec, 2, 1), best = UsedModel(spec, 2, 2);
  Save(folder.File("last.safetensors"), *last, spec, 2);
  Save(folder.File("best.safetensors"), *best, spec, 2);
  const LoadedModel loaded = LoadModelFile(folder.path());
  EXPECT_EQ(loaded.path, folder.File("best.safetensors"));
  EXPECT_EQ(Difference(Snapshot(*best), Snapshot(*loaded.model)), "");
}

TEST(LoadModelFile, LeavesTheOptimizerOut) {
  const TestFolder folder;
  const Json spec = TinySpec();
  const std::shared_ptr<SegModel> model = UsedModel(spec, 2);
  SaveUnfinished(folder.File("last.safetensors"), *model, spec, 2);
  EXPECT_EQ(Difference(Snapshot(*model), Snapshot(*LoadModelFile(folder.path()).model)), "");
}

TEST(LoadModelFile, ErrorsNameTheFile) {
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

TEST(LoadModelFile, WeightsThatDoNotFitTheirDescriptionAreAnError) {
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

}  // namespace
}  // namespace seglab
