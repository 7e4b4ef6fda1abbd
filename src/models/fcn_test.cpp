#include "models/fcn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"
#include "models/backbones/backbone.h"
#include "models/registry.h"
#include "models/test_fcn_reference.h"
#include "nn/bilinear.h"
#include "tensor/state.h"

namespace seglab {
namespace {

using testing::HasSubstr;

constexpr int kFcnClasses = 5;
const char kTiny[] = R"({"name": "vgg16", "width": 0.0625})";
const std::vector<std::string> kNetworks = {"fcn32s", "fcn16s", "fcn8s", "fcn8s_atonce"};

std::shared_ptr<SegModel> Make(const std::string& name, const std::string& geometry,
                               const std::string& upsampling = "fixed",
                               const std::string& backbone = kTiny) {
  const std::string spec = "{\"name\": \"" + name + "\", \"geometry\": \"" + geometry +
                           "\", \"upsampling\": \"" + upsampling + "\", \"backbone\": " + backbone +
                           "}";
  std::shared_ptr<SegModel> model = MakeModel(ParseJson(spec, "spec"), kFcnClasses);
  model->eval();
  return model;
}

/// Gives the score layers and all biases random values: fresh ones are zero and would hide
/// mistakes.
void Randomize(SegModel& model) {
  torch::NoGradGuard no_grad;
  for (const auto& item : model.named_parameters()) {
    at::Tensor value = item.value();
    if (item.key().rfind("score", 0) == 0) {
      value.normal_(0, 0.5);
    } else if (value.dim() == 1) {
      value.normal_(0, 0.1);
    }
  }
}

at::Tensor Logits(SegModel& model, const at::Tensor& image) {
  torch::NoGradGuard no_grad;
  return model.forward(image).logits;
}

double Largest(const at::Tensor& x) { return x.abs().max().item<double>(); }

TEST(FcnTest, PublishedGeometryEqualsTheReferenceCode) {
  for (const std::string& name : kNetworks) {
    torch::manual_seed(1);
    const auto model = Make(name, "published");
    Randomize(*model);
    if (name == "fcn8s_atonce") {
      // Weights that make up for the fixed factors, so that every skip counts in the sum.
      torch::NoGradGuard no_grad;
      model->named_parameters()["score_pool4.weight"].mul_(100);
      model->named_parameters()["score_pool3.weight"].mul_(10000);
    }
    const FcnReference reference(*model);
    for (const auto& [height, width] : {std::pair(65, 97), std::pair(33, 50), std::pair(1, 1)}) {
      const at::Tensor image = torch::randn({2, 3, height, width});
      const at::Tensor expected = reference.Forward(name, image), found = Logits(*model, image);
      ASSERT_EQ(found.sizes().vec(), (std::vector<int64_t>{2, kFcnClasses, height, width}));
      EXPECT_GT(Largest(expected), 0.01);
      EXPECT_LE(Largest(found - expected), 1e-4 * Largest(expected))
          << name << " " << height << "x" << width;
    }
  }
}

// Section 4.3 and table 1 of the paper: 134 million parameters. Half a gigabyte, so made only once.
TEST(FcnTest, ParameterCountsOfTheFullNetworks) {
  FcnOptions options;
  options.kind = FcnKind::k8s;
  const std::shared_ptr<SegModel> model = MakeFcn(options, 21);
  int64_t fcn32s = 0, skips = 0;
  for (const auto& item : model->named_parameters()) {
    const bool is_skip =
        HasPrefix(item.key(), "score_pool4") || HasPrefix(item.key(), "score_pool3");
    (is_skip ? skips : fcn32s) += item.value().numel();
  }
  EXPECT_EQ(fcn32s, 134346581);
  EXPECT_EQ(skips, 16170);
}

TEST(FcnTest, StagesShareTheirNames) {
  auto names = [](const SegModel& model) {
    std::vector<std::string> all;
    for (const auto& [name, tensor] : ModuleState(model)) all.push_back(name);
    return all;
  };
  std::vector<std::string> expected = names(*Make("fcn32s", "tight"));
  ASSERT_EQ(expected.size(), 26u + 4 + 2);
  EXPECT_EQ(expected.back(), "score_fr.bias");
  expected.push_back("score_pool4.weight");
  expected.push_back("score_pool4.bias");
  EXPECT_EQ(names(*Make("fcn16s", "tight")), expected);
  expected.push_back("score_pool3.weight");
  expected.push_back("score_pool3.bias");
  EXPECT_EQ(names(*Make("fcn8s", "tight")), expected);
  EXPECT_EQ(names(*Make("fcn8s_atonce", "published")), expected);
}

TEST(FcnTest, LearnedUpsamplingHasItsKernels) {
  auto shape = [](const std::shared_ptr<SegModel>& model, const std::string& name) {
    return model->named_parameters()[name + ".weight"].sizes().vec();
  };
  using Shape = std::vector<int64_t>;
  EXPECT_EQ(shape(Make("fcn32s", "tight", "learned"), "upscore"), (Shape{kFcnClasses, 1, 64, 64}));
  EXPECT_EQ(shape(Make("fcn16s", "tight", "learned"), "upscore2"), (Shape{kFcnClasses, 1, 4, 4}));
  EXPECT_EQ(shape(Make("fcn16s", "tight", "learned"), "upscore16"),
            (Shape{kFcnClasses, 1, 32, 32}));
  EXPECT_EQ(shape(Make("fcn8s", "tight", "learned"), "upscore_pool4"),
            (Shape{kFcnClasses, 1, 4, 4}));
  EXPECT_EQ(shape(Make("fcn8s", "tight", "learned"), "upscore8"), (Shape{kFcnClasses, 1, 16, 16}));
}

TEST(FcnTest, LearnedUpsamplingStartsAsFixed) {
  for (const std::string geometry : {"tight", "published"}) {
    torch::manual_seed(2);
    const auto fixed = Make("fcn8s", geometry), learned = Make("fcn8s", geometry, "learned");
    Randomize(*fixed);
    LoadState(*learned, ModuleState(*fixed),
              {"fixed", {"upscore2", "upscore_pool4", "upscore8"}, {}});
    const at::Tensor image = torch::randn({1, 3, 61, 95});
    const at::Tensor expected = Logits(*fixed, image);
    EXPECT_LE(Largest(Logits(*learned, image) - expected), 1e-5 * Largest(expected)) << geometry;
  }
}

TEST(FcnTest, AnySizeWorksInBothGeometries) {
  const std::string thin = R"({"name": "vgg16", "width": 0.015625})";
  for (const std::string geometry : {"published", "tight"}) {
    for (const std::string& name : kNetworks) {
      const auto model = Make(name, geometry, "fixed", thin);
      for (const auto& [height, width] :
           {std::pair(1, 1), std::pair(33, 500), std::pair(65, 97), std::pair(375, 500)}) {
        EXPECT_EQ(Logits(*model, torch::randn({1, 3, height, width})).sizes().vec(),
                  (std::vector<int64_t>{1, kFcnClasses, height, width}))
            << name << " " << geometry;
      }
    }
  }
}

// Traced by hand through pad 100, the five pools (rounded up) and fc6: 500 pixels become 698 and
// then 349, 175, 88, 44, 22, 16; 375 become 573 and then 287, 144, 72, 36, 18, 12.
TEST(FcnTest, PublishedMapsHaveThePapersSizes) {
  TrunkOptions options;
  options.published_fcn = true;
  const auto trunk =
      MakeTrunk(ParseJson(R"({"name": "vgg16", "width": 0.015625})", "spec"), options, "backbone");
  trunk->eval();
  torch::NoGradGuard no_grad;
  const FeatureMaps maps = trunk->forward(torch::randn({1, 3, 500, 375}));
  EXPECT_EQ(maps.at(8).values.sizes().slice(2).vec(), (std::vector<int64_t>{88, 72}));
  EXPECT_EQ(maps.at(16).values.sizes().slice(2).vec(), (std::vector<int64_t>{44, 36}));
  EXPECT_EQ(maps.at(32).values.sizes().slice(2).vec(), (std::vector<int64_t>{16, 12}));
  EXPECT_EQ(trunk->forward(torch::randn({1, 3, 224, 224})).at(32).values.sizes().slice(2).vec(),
            (std::vector<int64_t>{8, 8}));
}

// The published crops undo pad 100 for a 7x7 window only.
TEST(FcnTest, PublishedGeometryRefusesOtherWindows) {
  const std::string backbone = R"({"name": "vgg16", "width": 0.0625, "fc6_kernel": 3})";
  const at::Tensor image = torch::randn({1, 3, 65, 97});
  for (const std::string name : {"fcn16s", "fcn8s"}) {
    EXPECT_THROW(Logits(*Make(name, "published", "fixed", backbone), image), Error) << name;
  }
}

TEST(FcnTest, FreshScoresAreZero) {
  torch::manual_seed(3);
  for (const std::string geometry : {"published", "tight"}) {
    for (const std::string& name : kNetworks) {
      const auto model = Make(name, geometry);
      EXPECT_EQ(Largest(Logits(*model, torch::randn({1, 3, 40, 50}))), 0)
          << name << " " << geometry;
    }
  }
}

TEST(FcnTest, DropoutWorksOnlyInTraining) {
  torch::manual_seed(4);
  const auto model = Make("fcn8s", "tight");
  Randomize(*model);
  const at::Tensor image = torch::randn({1, 3, 64, 64});
  EXPECT_TRUE(at::equal(Logits(*model, image), Logits(*model, image)));
  model->train();
  EXPECT_FALSE(at::equal(Logits(*model, image), Logits(*model, image)));
}

/// Makes `model` go on from `source` as the trainer does.
void StartFrom(SegModel& model, const SegModel& source) {
  const SegModel::Start start = model.StartFrom(ModuleState(source));
  LoadState(model, start.tensors, {"source", start.new_layers, start.dropped_layers});
}

/// What the last upsampling of fcn32s (stride 32) or fcn16s (stride 16) is applied to.
at::Tensor ScoreMap(const SegModel& model, const std::string& geometry, int stride,
                    const at::Tensor& image) {
  NamedTensors trunk_state;
  std::map<std::string, at::Tensor> weights;
  for (const auto& [name, tensor] : ModuleState(model)) {
    weights[name] = tensor;
    if (HasPrefix(name, "backbone")) trunk_state.emplace_back(name.substr(9), tensor);
  }
  TrunkOptions options;
  options.published_fcn = geometry == "published";
  const auto trunk = MakeTrunk(ParseJson(kTiny, "spec"), options, "backbone");
  LoadState(*trunk, trunk_state, {"trunk", {}, {}});
  trunk->eval();
  torch::NoGradGuard no_grad;
  const FeatureMaps maps = trunk->forward(image);
  const at::Tensor score =
      at::conv2d(maps.at(32).values, weights.at("score_fr.weight"), weights.at("score_fr.bias"));
  if (stride == 32) return score;
  const at::Tensor skip = at::conv2d(maps.at(16).values, weights.at("score_pool4.weight"),
                                     weights.at("score_pool4.bias"));
  if (geometry == "tight")
    return BilinearUpsample(score, skip.size(2), skip.size(3), {2, 4, 1, true}) + skip;
  const at::Tensor up =
      BilinearUpsample(score, 2 * score.size(2) + 2, 2 * score.size(3) + 2, {2, 4, 0, false});
  return up + FcnReference::Window(skip, 5, up);
}

/// Where the position of pixel o, (o + shift) / stride in cells, lies between a quarter and three
/// quarters of the way from one cell to the next.
at::Tensor MiddleOfCells(int64_t size, int64_t stride, double shift) {
  const at::Tensor position =
      (torch::arange(size, at::kDouble) + shift) / static_cast<double>(stride);
  const at::Tensor part = position - position.floor();
  return part.ge(0.25).logical_and(part.le(0.75));
}

/// Largest second difference along `dim`.
double Bend(const at::Tensor& map, int64_t dim) {
  const int64_t inner = map.size(dim) - 2;
  return Largest(map.narrow(dim, 0, inner) - 2 * map.narrow(dim, 1, inner) +
                 map.narrow(dim, 2, inner));
}

struct Stage {
  std::string from, to;
  int64_t stride;  ///< of the map that `from` upsamples in one step, `to` in two
  double tight_shift, published_shift;
};
// Pixel o lies at (o + offset - (kernel - 1) / 2) / stride cells: offsets 16 and 8 with kernels 64
// and 32 (tight), 19 and 27 (published).
const std::vector<Stage> kStages = {{"fcn32s", "fcn16s", 32, -15.5, -12.5},
                                    {"fcn16s", "fcn8s", 16, -7.5, 11.5}};

// A new stage adds nothing but zeros, and upsamples in two steps instead of one. Between two cells
// the one step is a straight line. The two steps pass through its points at 1/4 and 3/4, and from
// 3/4 to 1/4 of the next cell take the straight way, which cuts the corner at the cell: by nothing
// in the middle of the cells and by at most 1/8 of the second difference at a cell, along each
// axis. The image's sides make every map exactly twice the next one, so that both end at the same
// place.
TEST(FcnTest, ANewStageStartsWhereTheLastOneEnded) {
  for (const std::string geometry : {"tight", "published"}) {
    for (const Stage& stage : kStages) {
      SCOPED_TRACE(stage.to + " " + geometry);
      torch::manual_seed(5);
      const auto source = Make(stage.from, geometry), model = Make(stage.to, geometry);
      Randomize(*source);
      StartFrom(*model, *source);

      const at::Tensor image = torch::randn({2, 3, 61, 95});
      const at::Tensor before = Logits(*source, image), after = Logits(*model, image);
      const at::Tensor error = (after - before).abs();
      const double scale = Largest(before);
      EXPECT_GT(scale, 0.01);

      const double shift = geometry == "tight" ? stage.tight_shift : stage.published_shift;
      const at::Tensor middle =
          MiddleOfCells(61, stage.stride, shift)
              .unsqueeze(1)
              .logical_and(MiddleOfCells(95, stage.stride, shift).unsqueeze(0));
      EXPECT_LE(Largest(error * middle), 1e-5 * scale) << "in the middle of the cells";

      at::Tensor map = ScoreMap(*source, geometry, static_cast<int>(stage.stride), image);
      map = geometry == "tight" ? at::replication_pad2d(map, {1, 1, 1, 1})
                                : at::constant_pad_nd(map, {2, 2, 2, 2}, 0);
      EXPECT_LE(Largest(error), 0.125 * (Bend(map, 2) + Bend(map, 3)) + 1e-5 * scale);

      // Of random maps, the least smooth ones, two steps change 3 to 10 % of the labels.
      const at::Tensor same = before.argmax(1).eq(after.argmax(1)).to(at::kDouble);
      EXPECT_GE(same.mean().item<double>(), 0.85);
    }
  }
}

TEST(FcnTest, ANewStageKeepsWhatWasLearned) {
  torch::manual_seed(6);
  const auto source = Make("fcn16s", "tight", "learned"), model = Make("fcn8s", "tight", "learned");
  Randomize(*source);
  source->named_parameters()["upscore2.weight"].data().mul_(3);
  EXPECT_THROW(LoadState(*model, ModuleState(*source), {"source", {}, {}}), Error);
  StartFrom(*model, *source);
  const auto old = source->named_parameters(), now = model->named_parameters();
  for (const char* name : {"backbone.fc7.weight", "backbone.features.28.bias", "score_fr.weight",
                           "score_pool4.weight", "upscore2.weight"}) {
    EXPECT_TRUE(at::equal(now[name], old[name])) << name;
  }
  EXPECT_EQ(Largest(now["score_pool3.weight"]), 0);
}

TEST(FcnTest, StagesOfAnotherBackboneAreRefused) {
  const auto source = Make("fcn32s", "tight", "fixed", R"({"name": "vgg11", "width": 0.0625})");
  const auto model = Make("fcn16s", "tight");
  EXPECT_THROW(StartFrom(*model, *source), Error);
}

// Section 4.1: a classifier's linear layers, as convolutions, give at the native window what they
// gave before.
TEST(FcnTest, StartsFromAClassifier) {
  for (int side : {3, 7}) {
    SCOPED_TRACE("fc6_kernel " + std::to_string(side));
    torch::manual_seed(7);
    const std::string backbone =
        R"({"name": "vgg16", "width": 0.0625, "fc6_kernel": )" + std::to_string(side) + "}";
    const auto classifier =
        MakeModel(ParseJson(R"({"name": "classifier", "backbone": )" + backbone + "}", "spec"), 10);
    classifier->eval();
    Randomize(*classifier);
    const auto model = Make("fcn8s", "tight", "fixed", backbone);
    StartFrom(*model, *classifier);

    std::map<std::string, at::Tensor> weights;
    for (const auto& [name, tensor] : ModuleState(*classifier)) weights[name] = tensor;
    torch::NoGradGuard no_grad;
    const at::Tensor image = torch::randn({2, 3, 32 * side, 32 * side});
    at::Tensor expected = classifier->Features(image).flatten(1);
    for (const std::string layer : {"classifier.0", "classifier.3"}) {
      expected =
          at::linear(expected, weights.at(layer + ".weight"), weights.at(layer + ".bias")).relu();
    }
    // The window of the middle cell is the whole map; the other windows reach beyond it.
    const at::Tensor features = model->Features(image);
    ASSERT_EQ(features.sizes().slice(2).vec(), (std::vector<int64_t>{side, side}));
    const at::Tensor middle = features.select(3, side / 2).select(2, side / 2);
    EXPECT_GT(Largest(expected), 0.01);
    EXPECT_LE(Largest(middle - expected), 1e-5 * Largest(expected));
    for (const char* name : {"score_fr.weight", "score_pool4.weight", "score_pool3.weight"}) {
      EXPECT_EQ(Largest(model->named_parameters()[name]), 0) << name;
    }
  }
}

TEST(FcnTest, AClassifierOfAnotherWindowIsRefused) {
  const auto classifier = MakeModel(
      ParseJson(R"({"name": "classifier", "backbone": {"name": "vgg16", "width": 0.0625}})",
                "spec"),
      10);
  const auto model =
      Make("fcn32s", "tight", "fixed", R"({"name": "vgg16", "width": 0.0625, "fc6_kernel": 5})");
  try {
    StartFrom(*model, *classifier);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("backbone.fc6.weight"));
  }
}

TEST(FcnTest, OptionsAreChecked) {
  auto message = [](const std::string& option) -> std::string {
    const std::string spec =
        R"({"name": "fcn32s", "backbone": {"name": "vgg11", "width": 0.0625}, )" + option + "}";
    return ErrorOf([&] { MakeModel(ParseJson(spec, "spec"), kFcnClasses); });
  };
  EXPECT_EQ(message(R"("geometry": "tight")"), "");
  EXPECT_THAT(message(R"("geometry": "tigth")"), HasSubstr("did you mean \"tight\""));
  EXPECT_THAT(message(R"("upsampling": "learnt")"), HasSubstr("did you mean \"learned\""));
  EXPECT_THAT(message(R"("upsamplin": "fixed")"), HasSubstr("did you mean \"upsampling\""));
  EXPECT_THAT(message(R"("geometry": 1)"), HasSubstr("model.geometry"));
}

TEST(FcnTest, TakesImagesOnly) {
  const auto model = Make("fcn32s", "tight");
  EXPECT_THROW(Logits(*model, torch::randn({3, 64, 64})), Error);
  EXPECT_THROW(Logits(*model, torch::randn({1, 4, 64, 64})), Error);
}

}  // namespace
}  // namespace seglab
