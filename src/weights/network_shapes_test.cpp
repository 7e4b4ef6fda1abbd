#include "weights/network_shapes.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <map>
#include <string>

#include "base/memory.h"
#include "models/backbones/backbone.h"
#include "models/registry.h"
#include "weights/load.h"
#include "weights/network_match.h"
#include "weights/test_model_files.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::map<std::string, std::vector<int64_t>> Sizes(const SegModel& model) {
  std::map<std::string, std::vector<int64_t>> sizes;
  for (const auto& [name, tensor] : ModuleState(model)) sizes[name] = tensor.sizes().vec();
  return sizes;
}

/// Every network, and the classifier on every backbone, of small width.
std::vector<Json> SmallSpecs() {
  std::vector<Json> specs;
  for (const BackboneRow& row : BackboneRows()) {
    const Json backbone = {{"name", row.name}, {"width", 0.0625}};
    specs.push_back({{"name", "classifier"}, {"backbone", backbone}});
    specs.push_back({{"name", "fcn8s"}, {"backbone", backbone}});
    specs.push_back({{"name", "fcn16s"}, {"backbone", backbone}, {"upsampling", "learned"}});
  }
  for (const ModelRow& row : ModelRows()) {
    if (row.name != "classifier") specs.push_back(row.name);
  }
  specs.push_back({{"name", "segnet_basic"}, {"decoder", "fcn"}});
  specs.push_back({{"name", "segnet_basic"}, {"upsampling", "transposed"}});
  return specs;
}

TEST(MakeShapes, HasTheNamesAndShapesOfEveryNetwork) {
  for (const Json& spec : SmallSpecs()) {
    const std::shared_ptr<SegModel> shapes = MakeShapes(spec, 3, "spec");
    EXPECT_EQ(Sizes(*shapes), Sizes(*MakeModel(spec, 3))) << spec.dump();
    if (ModelRecipe(spec) == Recipe::kFitted) continue;
    for (const auto& [name, tensor] : ModuleState(*shapes))
      EXPECT_TRUE(tensor.is_meta() || tensor.dim() == 0) << name;
    EXPECT_EQ(shapes->Traits(), MakeModel(spec, 3)->Traits());
  }
  EXPECT_FALSE(torch::zeros({2}).is_meta()) << "the guard is gone";
}

TEST(MakeShapes, TakesNoMemory) {
  Json spec = TinySpec("fcn32s", "vgg16");
  spec["backbone"]["width"] = 4;
  spec["backbone"]["fc6_kernel"] = 7;
  int64_t elements = 0;
  for (const auto& [name, tensor] : ModuleState(*MakeShapes(spec, 21, "spec")))
    elements += tensor.numel();
  EXPECT_GT(elements, 1'000'000'000);
}

// 200 kB that claim to be 3 gigabytes, refused by their shapes, before these are made.
TEST(MakeShapes, ACheckpointIsComparedBeforeMemoryIsTaken) {
  const TestFolder folder;
  const std::string path = folder.File("net.safetensors");
  for (const std::string name : {"fcn8s", "rcnn"}) {
    Json spec = TinySpec(name);
    const std::shared_ptr<SegModel> model = SeededModel(spec, 3);
    spec["backbone"]["width"] = 4;
    Save(path, *model, spec, 3);
    const int64_t before = PeakMemory();
    EXPECT_THAT(ErrorOf([&] { LoadModelFile(path); }), HasSubstr("wrong shape")) << name;
    EXPECT_LT(PeakMemory() - before, 200 << 20) << name;
  }
}

/// The weights of a tiny network as others save them.
class OthersFiles : public testing::Test {
 protected:
  /// Their names behind a prefix; with "*" for a copy of each in its place.
  void Write(const std::vector<std::string>& prefixes, const NamedTensors& more = {}) {
    NamedTensors tensors = more;
    int copy = 0;
    for (const std::string& prefix : prefixes) {
      for (const auto& [name, tensor] : ModuleState(*model_))
        tensors.emplace_back(prefix + name, copy == 0 ? tensor.detach() : tensor.detach() + copy);
      ++copy;
    }
    WriteSafetensors(path_, tensors);
  }

  ModelChoice Choice(const std::string& key = "") const {
    ModelChoice choice;
    choice.model = TinySpec();
    choice.labels = TestLabels(3);
    choice.key = key;
    return choice;
  }

  const TestFolder folder_;
  const std::string path_ = folder_.File("others.safetensors");
  const std::shared_ptr<SegModel> model_ = UsedModel(TinySpec(), 3);
};

TEST_F(OthersFiles, AKeyOrPrefixIsTakenOffAndSaid) {
  for (const char* prefix : {"model_state.", "module.", "state_dict.model._orig_mod."}) {
    Write({prefix}, {{"optimizer.0.m", torch::zeros({3})}});
    LoadedModel loaded;
    EXPECT_THAT(LogOf([&] { loaded = LoadModelFile(path_, Choice()); }),
                AllOf(HasSubstr(path_), HasSubstr(std::string("\"") + prefix + "\" is taken off"),
                      HasSubstr("1 tensor elsewhere")));
    EXPECT_EQ(Difference(Snapshot(*model_), Snapshot(*loaded.model)), "") << prefix;
  }
}

TEST(FindNetworks, LooksAtEveryPlace) {
  const Json spec = {{"name", "fcn8s"}, {"backbone", {{"name", "resnet18"}, {"width", 0.125}}}};
  TensorFile file;
  file.tensors.emplace_back("optimizer.m", torch::zeros({1}));
  for (const char* prefix : {"zoo.module.", "zoo_ema."}) {
    for (const auto& [name, tensor] : ModuleState(*MakeShapes(spec, 3, "spec")))
      file.tensors.emplace_back(prefix + name, tensor);
  }
  const PlacedNetworks found = FindNetworks(file, "", "x");
  EXPECT_EQ(found.place.prefix, "zoo.module.");
  EXPECT_EQ(found.place.others, std::vector<std::string>{"zoo_ema"});
  ASSERT_FALSE(found.networks.empty());
  EXPECT_EQ(found.networks[0].spec, spec);
  EXPECT_EQ(FindNetworks(file, "zoo_ema", "x").place.prefix, "zoo_ema.");
}

TEST_F(OthersFiles, TheMovingAverageIsTakenByChoice) {
  Write({"model.", "model_ema."});
  const at::Tensor weights =
      Get(ModuleState(*LoadModelFile(path_, Choice()).model), "score_fr.bias");
  const at::Tensor average =
      Get(ModuleState(*LoadModelFile(path_, Choice("model_ema")).model), "score_fr.bias");
  EXPECT_TRUE(at::equal(weights + 1, average));
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path_, Choice("ema")); }), HasSubstr("unknown key"));
}

TEST_F(OthersFiles, OfNoUseIsSaidAsBefore) {
  Write({"x."}, {{"x.more", torch::zeros({1})}});
  EXPECT_THAT(
      ErrorOf([&] { LoadModelFile(path_, Choice()); }),
      AllOf(HasSubstr(path_), HasSubstr("missing"), HasSubstr("x.more"), Not(HasSubstr("\n"))));
}

TEST_F(OthersFiles, NumbersThatAreNotFiniteAreRefused) {
  torch::NoGradGuard no_grad;
  Get(ModuleState(*model_), "score_fr.weight").view(-1)[0] = std::nanf("");
  Write({""});
  EXPECT_THAT(ErrorOf([&] { LoadModelFile(path_, Choice()); }),
              AllOf(HasSubstr(path_), HasSubstr("\"score_fr.weight\" is not finite")));
}

// What a damaged or hostile description says: one line each, and no crash.
TEST(CheckpointMetadata, IsNotTrusted) {
  const TestFolder folder;
  const std::string path = folder.File("net.safetensors");
  const std::shared_ptr<SegModel> model = SeededModel(TinySpec(), 3);
  const auto message = [&](const std::string& key, const std::string& value) {
    auto metadata = ModelMetadata(*model, TinySpec(), TestLabels(3));
    metadata[key] = value;
    SaveBare(path, *model, metadata);
    return ErrorOf([&] { LoadModelFile(path); });
  };
  for (const char* value : {"5", "[]", "null", "true", "{}", "{\"name\": 5}", "[\"fcn8s\"]", "",
                            "{\"name\": \"fcn8s\", \"backbone\": 7}", "{\"name\": \"fcn8s\"",
                            "{\"name\": \"fcn8s\", \"num_classes\": -1}"}) {
    EXPECT_THAT(message("model", value), AllOf(HasSubstr(path), Not(HasSubstr("\n")))) << value;
  }
  for (const char* key : {"labels", "traits"}) {
    for (const char* value : {"5", "[]", "[1]", "{\"names\": 3}", "", "{\"a\": 1}"}) {
      EXPECT_THAT(message(key, value), HasSubstr(path)) << key << value;
    }
  }
  // Whoever looks each key up among all of them is at it for minutes.
  std::string keys = "{\"name\": \"fcn8s\"";
  for (int i = 0; i < 200'000; ++i) keys += StrCat(", \"k", i, "\": 1");
  EXPECT_THAT(message("model", keys + "}"), HasSubstr("keys"));
}

}  // namespace
}  // namespace seglab
