#include "models/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"
#include "models/backbones/backbone.h"
#include "tensor/state.h"

namespace seglab {
namespace {

using testing::HasSubstr;

constexpr int kClasses = 4;
const char kSmallVgg[] = R"({"name": "vgg11", "width": 0.0625, "fc6_kernel": 3})";
const char kThinVgg[] = R"({"name": "vgg11", "width": 0.0625})";  // of networks with their own fc6

std::vector<std::string> ModelNames() {
  std::vector<std::string> names;
  for (const ModelRow& row : ModelRows()) names.push_back(row.name);
  return names;
}

std::vector<std::string> BackboneNames() {
  std::vector<std::string> names;
  for (const BackboneRow& row : BackboneRows()) names.push_back(row.name);
  return names;
}

/// The smallest form of a backbone: with the first of these options that it knows.
std::string SmallBackbone(const std::string& name) {
  for (const std::string options :
       {R"(, "width": 0.0625, "fc6_kernel": 3)", R"(, "width": 0.0625)", R"(, "width": 0.25)"}) {
    const std::string spec = "{\"name\": \"" + name + "\"" + options + "}";
    try {
      MakeTrunk(ParseJson(spec, "spec"), {}, "backbone");
      return spec;
    } catch (const Error&) {
    }
  }
  return "{\"name\": \"" + name + "\"}";
}

/// The smallest form of a network: on a small backbone, or narrow where it has its own.
std::string SmallModel(const std::string& name) {
  std::string start = "{\"name\": \"" + name + "\"";
  if (ModelRecipe(name) == Recipe::kFitted)  // noise falls into thousands of regions
    start += R"(, "crop": {"side": 64}, "proposals": {"max_regions": 3})";
  for (const std::string& option :
       {std::string(", \"backbone\": ") + kSmallVgg, std::string(", \"backbone\": ") + kThinVgg,
        std::string(", \"width\": 0.0625")}) {
    try {
      MakeModel(ParseJson(start + option + "}", "spec"), kClasses);
      return start + option + "}";
    } catch (const Error&) {
      continue;  // it has no such option
    }
  }
  return start + "}";
}

/// The error of making a model; "" when there is none.
std::string Message(const std::string& spec, int classes = kClasses) {
  return ErrorOf([&] { MakeModel(ParseJson(spec, "spec"), classes); });
}

/// Fresh score layers are zero, which would hide what lies before them.
void FillZeroKernels(SegModel& model) {
  torch::NoGradGuard no_grad;
  for (const auto& item : model.named_parameters()) {
    at::Tensor value = item.value();
    if (value.dim() > 1 && value.abs().max().item<float>() == 0) value.normal_(0, 0.1);
  }
}

bool AllFinite(const at::Tensor& x) { return at::isfinite(x).all().item<bool>(); }

void ExpectLogits(const at::Tensor& logits, Task task, int64_t height, int64_t width) {
  const std::vector<int64_t> expected = task == Task::kClassification
                                            ? std::vector<int64_t>{2, kClasses}
                                            : std::vector<int64_t>{2, kClasses, height, width};
  EXPECT_EQ(logits.sizes().vec(), expected);
  EXPECT_TRUE(AllFinite(logits));
}

/// Whether a classifier asks for more pixels, which it may below 64, but must say so.
bool Refuses(SegModel& model, const at::Tensor& image) {
  if (image.size(2) >= 64) return false;
  torch::NoGradGuard no_grad;
  model.eval();
  try {
    model.forward(image);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("at least"));
    return true;
  }
  return false;
}

/// What every network must do, at odd sizes, in training and in evaluation.
void ExpectWorks(const std::string& spec) {
  SCOPED_TRACE(spec);
  torch::manual_seed(1);
  const Json json = ParseJson(spec, "spec");
  const Task task = ModelTask(json);
  const std::shared_ptr<SegModel> model = MakeModel(json, kClasses);
  FillZeroKernels(*model);
  for (const auto& [height, width] : {std::pair(65, 97), std::pair(33, 50), std::pair(1, 1)}) {
    SCOPED_TRACE(StrCat(height, "x", width));
    const at::Tensor image = torch::randn({2, 3, height, width});
    if (task == Task::kClassification && Refuses(*model, image)) continue;
    {
      model->eval();
      torch::NoGradGuard no_grad;
      const at::Tensor logits = model->forward(image).logits;
      ExpectLogits(logits, task, height, width);
      EXPECT_TRUE(at::equal(logits, model->forward(image).logits))
          << "evaluation is not repeatable";
      EXPECT_TRUE(AllFinite(model->Features(image)));
    }
    if (ModelRecipe(json) == Recipe::kFitted) continue;  // nothing descends it
    model->train();
    model->zero_grad();
    const SegOutput out = model->forward(image);
    ExpectLogits(out.logits, task, height, width);
    at::Tensor loss = (out.logits.Values() - 1).square().mean();
    for (const ScoreMap& map : out.train_on) {
      const bool pixels = map.grid == MapGrid();
      ExpectLogits(map.logits, task, pixels ? height : map.logits.size(2),
                   pixels ? width : map.logits.size(3));
      loss = loss + (map.logits.Values() - 1).square().mean();
    }
    loss.backward();
    for (const auto& item : model->named_parameters()) {
      const at::Tensor gradient = item.value().grad();
      ASSERT_TRUE(gradient.defined()) << item.key() << " takes no part";
      EXPECT_TRUE(AllFinite(gradient)) << item.key();
    }
    // At one pixel too few cells are left for a narrow network to be surely alive.
    if (height < 32) continue;
    const at::Tensor first = model->parameters().front().grad();
    EXPECT_GT(first.abs().max().item<double>(), 0) << "no gradient reaches the first layer";
  }
}

void ExpectUniqueNames(const torch::nn::Module& module) {
  std::set<std::string> names;
  std::set<const void*> storages;
  for (const auto& [name, tensor] : ModuleState(module)) {
    EXPECT_TRUE(names.insert(name).second) << name << " stands twice";
    EXPECT_TRUE(storages.insert(tensor.unsafeGetTensorImpl()).second)
        << name << " has a second name";
  }
  EXPECT_FALSE(names.empty());
}

std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

class EveryModel : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Registry, EveryModel, testing::ValuesIn(ModelNames()), TestName);

TEST_P(EveryModel, Works) { ExpectWorks(SmallModel(GetParam())); }

TEST_P(EveryModel, NamesAreUnique) {
  ExpectUniqueNames(*MakeModel(ParseJson(SmallModel(GetParam()), "spec"), kClasses));
}

TEST_P(EveryModel, IsDescribedAndRefusesUnknownKeys) {
  const ModelRow row = FindModel(GetParam());
  EXPECT_EQ(row.name, GetParam());
  EXPECT_FALSE(row.summary.empty());
  EXPECT_FALSE(row.source.empty());
  std::string spec = SmallModel(GetParam());
  spec.back() = ',';
  const std::string message = Message(spec + "\"num_clases\": 4}");
  EXPECT_THAT(message, HasSubstr("model.num_clases:"));
  EXPECT_THAT(message, HasSubstr("did you mean \"num_classes\""));
}

TEST_P(EveryModel, FreshWeightsFollowTheSeed) {
  const std::string spec = SmallModel(GetParam());
  std::vector<NamedTensors> states;
  for (uint64_t seed : {5, 5, 6}) {
    torch::manual_seed(seed);
    states.push_back(ModuleState(*MakeModel(ParseJson(spec, "spec"), kClasses)));
  }
  bool differs = false;
  for (size_t i = 0; i < states[0].size(); ++i) {
    EXPECT_TRUE(at::equal(states[0][i].second, states[1][i].second)) << states[0][i].first;
    differs = differs || !at::equal(states[0][i].second, states[2][i].second);
  }
  EXPECT_TRUE(differs);
}

class EveryBackbone : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Registry, EveryBackbone, testing::ValuesIn(BackboneNames()), TestName);

TEST_P(EveryBackbone, CarriesAnFcn) {
  ExpectWorks("{\"name\": \"fcn8s\", \"backbone\": " + SmallBackbone(GetParam()) + "}");
}

TEST_P(EveryBackbone, Classifies) {
  ExpectWorks("{\"name\": \"classifier\", \"backbone\": " + SmallBackbone(GetParam()) + "}");
}

TEST_P(EveryBackbone, CarriesADeepLab) {
  const std::string backbone = "{\"name\": \"" + GetParam() + "\", \"width\": 0.0625}";
  for (const std::string options : {R"("deeplab_v1", "fc_width": 16)", R"("deeplab_v2")",
                                    R"("deeplab_v2", "scales": [0.5, 1])"}) {
    const std::string spec = "{\"name\": " + options + ", \"backbone\": " + backbone + "}";
    SCOPED_TRACE(spec);
    const auto model = MakeModel(ParseJson(spec, "spec"), kClasses);
    torch::NoGradGuard no_grad;
    for (const auto& [height, width] : {std::pair(33, 50), std::pair(1, 1)}) {
      model->train();
      const SegOutput out = model->forward(torch::randn({2, 3, height, width}));
      ExpectLogits(out.logits, Task::kSegmentation, height, width);
      for (const ScoreMap& map : out.train_on) EXPECT_TRUE(AllFinite(map.logits));
      EXPECT_EQ(out.train_on.back().logits.size(2), (height + 7) / 8);
    }
  }
}

TEST_P(EveryBackbone, ItsClassifierStartsADeepLab) {
  torch::manual_seed(3);
  const std::string backbone = "{\"name\": \"" + GetParam() + "\", \"width\": 0.0625}";
  const auto classifier =
      MakeModel(ParseJson("{\"name\": \"classifier\", \"backbone\": " + backbone + "}", "spec"), 7);
  for (const std::string name : {"deeplab_v1", "deeplab_v2"}) {
    const auto model =
        MakeModel(ParseJson("{\"name\": \"" + name + "\", \"backbone\": " + backbone + "}", "spec"),
                  kClasses);
    const SegModel::Start start = model->StartFrom(ModuleState(*classifier));
    EXPECT_NO_THROW(
        LoadState(*model, start.tensors, {"classifier", start.new_layers, start.dropped_layers}));
  }
}

TEST_P(EveryBackbone, ItsClassifierStartsAnFcn) {
  torch::manual_seed(2);
  const std::string backbone = SmallBackbone(GetParam());
  const auto classifier =
      MakeModel(ParseJson("{\"name\": \"classifier\", \"backbone\": " + backbone + "}", "spec"), 7);
  const auto model = MakeModel(
      ParseJson("{\"name\": \"fcn8s\", \"backbone\": " + backbone + "}", "spec"), kClasses);
  const SegModel::Start start = model->StartFrom(ModuleState(*classifier));
  EXPECT_NO_THROW(
      LoadState(*model, start.tensors, {"classifier", start.new_layers, start.dropped_layers}));
}

TEST_P(EveryBackbone, NamesAreUniqueAndDescribed) {
  const Json spec = ParseJson(SmallBackbone(GetParam()), "spec");
  ExpectUniqueNames(*MakeTrunk(spec, {}, "backbone"));
  ExpectUniqueNames(*MakeClassifier(spec, kClasses, "backbone"));
  for (const BackboneRow& row : BackboneRows()) {
    EXPECT_FALSE(row.summary.empty()) << row.name;
    EXPECT_FALSE(row.source.empty()) << row.name;
  }
}

// Auxiliary heads are off unless asked for, so the walk above does not meet them.
TEST(RegistryTest, AuxiliaryHeadsWork) {
  for (const std::string name : {"fcn_resnet50", "deeplabv3_resnet50"}) {
    ExpectWorks("{\"name\": \"" + name + "\", \"width\": 0.0625, \"aux_loss\": true}");
  }
}

TEST_P(EveryBackbone, CarriesAnFcnAtSmallerOutputStrides) {
  for (const std::string stride : {"16", "8", "4"}) {
    for (const std::string name : {"fcn32s", "fcn16s", "fcn8s"}) {
      const std::string spec =
          "{\"name\": \"" + name + "\", \"output_stride\": " + stride +
          ", \"upsampling\": \"learned\", \"backbone\": " + SmallBackbone(GetParam()) + "}";
      const auto model = MakeModel(ParseJson(spec, "spec"), kClasses);
      model->eval();
      FillZeroKernels(*model);
      torch::NoGradGuard no_grad;
      for (const auto& [height, width] : {std::pair(33, 50), std::pair(1, 1)}) {
        ExpectLogits(model->forward(torch::randn({2, 3, height, width})).logits,
                     Task::kSegmentation, height, width);
      }
    }
  }
}

TEST(RegistryTest, RowNamesAreUnique) {
  const std::vector<std::string> models = ModelNames(), backbones = BackboneNames();
  EXPECT_EQ(std::set<std::string>(models.begin(), models.end()).size(), models.size());
  EXPECT_EQ(std::set<std::string>(backbones.begin(), backbones.end()).size(), backbones.size());
}

TEST(RegistryTest, UnknownModelSuggestsTheNearestAndListsAll) {
  const std::string message = Message(R"({"name": "fcn8"})");
  EXPECT_THAT(message, HasSubstr("model.name"));
  EXPECT_THAT(message, HasSubstr("did you mean \"fcn8s\""));
  for (const std::string& name : ModelNames()) EXPECT_THAT(message, HasSubstr(name));
  EXPECT_THROW(FindModel("unet3000"), Error);
}

TEST(RegistryTest, UnknownBackboneSuggestsTheNearest) {
  EXPECT_THAT(Message(R"({"name": "fcn8s", "backbone": "vgg16bn"})"),
              HasSubstr("did you mean \"vgg16_bn\""));
  EXPECT_THAT(Message(R"({"name": "classifier", "backbone": {"name": "vgg16bn"}})"),
              HasSubstr("did you mean \"vgg16_bn\""));
  EXPECT_THAT(
      Message(R"({"name": "fcn8s", "backbone": {"name": "vgg11", "width": 0.0625, "widht": 1}})"),
      HasSubstr("did you mean \"width\""));
  EXPECT_THAT(Message(R"({"name": "fcn8s", "backbone": 16})"), HasSubstr("backbone"));
}

TEST(RegistryTest, ABackboneStandsForItsClassifier) {
  EXPECT_EQ(NetworkOrBackbone("fcn8s", "--model"), (Json{{"name", "fcn8s"}}));
  const Json network = {{"name", "fcn8s"}, {"backbone", "vgg11"}};
  EXPECT_EQ(NetworkOrBackbone(network, "--model"), network);
  EXPECT_EQ(NetworkOrBackbone("vgg11", "--model"),
            (Json{{"name", "classifier"}, {"backbone", "vgg11"}}));
  const Json narrow = {{"name", "vgg11"}, {"width", 0.5}};
  EXPECT_EQ(NetworkOrBackbone(narrow, "--model"),
            (Json{{"name", "classifier"}, {"backbone", narrow}}));
  EXPECT_THAT(ErrorOf([] { NetworkOrBackbone("mobilnet_v2", "--as"); }),
              AllOf(HasSubstr("--as: "), HasSubstr("did you mean \"mobilenet_v2\"")));
  EXPECT_THAT(ErrorOf([] {
                NetworkOrBackbone(Json{{"nam", "vgg11"}}, "--as");
              }),
              HasSubstr("\"name\""));
  // Where a backbone's name cannot be meant it is at least understood.
  EXPECT_THAT(Message(R"({"name": "vgg11"})"),
              AllOf(HasSubstr("vgg11 is a backbone"), HasSubstr("classifier")));
}

TEST(RegistryTest, SpecsAreChecked) {
  EXPECT_THAT(Message("{}"), HasSubstr("model.name"));
  EXPECT_THAT(Message("17"), HasSubstr("model"));
  EXPECT_THAT(Message(R"({"name": 5})"), HasSubstr("model.name"));
  EXPECT_THAT(Message(R"({"name": "fcn8s", "num_classes": 0})"), HasSubstr("model.num_classes"));
  EXPECT_THAT(Message(R"({"name": "fcn8s", "num_classes": 2.5})"), HasSubstr("model.num_classes"));
  const std::string with_preprocessing =
      std::string(R"({"name": "fcn8s", "preprocessing": "cafe", "backbone": )") + kSmallVgg + "}";
  EXPECT_THAT(Message(with_preprocessing), HasSubstr("did you mean \"caffe\""));
}

TEST(RegistryTest, ClassesOfTheDataAndOfTheModelMustAgree) {
  const std::string spec =
      std::string(R"({"name": "fcn32s", "num_classes": 6, "backbone": )") + kSmallVgg + "}";
  EXPECT_EQ(Message(spec, 6), "");
  EXPECT_EQ(Message(spec, 0), "");
  EXPECT_THAT(Message(spec, 5), HasSubstr("model.num_classes"));
  const std::string open = std::string(R"({"name": "fcn32s", "backbone": )") + kSmallVgg + "}";
  EXPECT_EQ(Message(open, 5), "");
  EXPECT_THAT(Message(open, 0), HasSubstr("num_classes"));
}

TEST(RegistryTest, TaskOfANameAndOfAnObject) {
  EXPECT_EQ(ModelTask(Json("fcn8s")), Task::kSegmentation);
  EXPECT_EQ(ModelObject("fcn8s"), (Json{{"name", "fcn8s"}}));
  EXPECT_EQ(ModelObject(Json{{"name", "fcn8s"}, {"a", 1}}), (Json{{"name", "fcn8s"}, {"a", 1}}));
  EXPECT_EQ(ModelTask(ParseJson(R"({"name": "classifier", "anything": 1})", "spec")),
            Task::kClassification);
  for (const ModelRow& row : ModelRows()) EXPECT_EQ(ModelRecipe(row.name), row.recipe);
  EXPECT_EQ(ModelRecipe(Json("fcn8s")), Recipe::kDescended);
  EXPECT_THROW(ModelRecipe(Json("fcn9")), Error);
  EXPECT_THROW(ModelTask(Json("fcn9")), Error);
  EXPECT_THROW(ModelTask(Json(3)), Error);
  EXPECT_THROW(ModelTask(ParseJson(R"({"name": 3})", "spec")), Error);
}

TEST(RegistryTest, PreprocessingTravelsWithTheModel) {
  const std::string start = R"({"name": "fcn32s", )",
                    end = std::string(R"("backbone": )") + kSmallVgg + "}";
  EXPECT_TRUE(MakeModel(ParseJson(start + end, "spec"), 2)->preprocessing == Preprocessing());
  const auto caffe = MakeModel(ParseJson(start + R"("preprocessing": "caffe", )" + end, "spec"), 2);
  EXPECT_TRUE(caffe->preprocessing == Preprocessing::FromJson("caffe", "p"));
  EXPECT_EQ(caffe->preprocessing.channel_order, "BGR");
  const Json backbone = {{"name", "googlenet"}, {"width", 0.125}, {"transform_input", true}};
  const Json transforms = {
      {"name", "classifier"}, {"backbone", backbone}, {"preprocessing", "unit"}};
  EXPECT_THAT(Message(transforms.dump(), 2),
              AllOf(HasSubstr("model.preprocessing"), HasSubstr("transform_input")));
}

}  // namespace
}  // namespace seglab
