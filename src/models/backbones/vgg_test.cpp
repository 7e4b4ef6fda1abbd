#include "models/backbones/vgg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"
#include "models/test_models.h"
#include "tensor/state.h"

namespace seglab {
namespace {

using testing::HasSubstr;

struct VggRow {
  std::string name;
  std::vector<int> depths;  ///< convolutions per stage
  bool batch_norm;
  int64_t parameters;  ///< torchvision's count with 1000 classes
};

const std::vector<VggRow> kVggRows = {
    {"vgg11", {1, 1, 2, 2, 2}, false, 132863336},   {"vgg13", {2, 2, 2, 2, 2}, false, 133047848},
    {"vgg16", {2, 2, 3, 3, 3}, false, 138357544},   {"vgg19", {2, 2, 4, 4, 4}, false, 143667240},
    {"vgg11_bn", {1, 1, 2, 2, 2}, true, 132868840}, {"vgg13_bn", {2, 2, 2, 2, 2}, true, 133053736},
    {"vgg16_bn", {2, 2, 3, 3, 3}, true, 138365992}, {"vgg19_bn", {2, 2, 4, 4, 4}, true, 143678248}};

/// The sum over the layers. `divisor` divides all channel counts.
int64_t CountByArithmetic(const VggRow& row, int64_t divisor, int64_t side, int64_t classes) {
  const int64_t stages[] = {64, 128, 256, 512, 512};
  int64_t count = 0, in = 3;
  for (size_t stage = 0; stage < 5; ++stage) {
    const int64_t out = stages[stage] / divisor;
    for (int i = 0; i < row.depths[stage]; ++i) {
      count += 9 * in * out + out + (row.batch_norm ? 2 * out : 0);
      in = out;
    }
  }
  const int64_t fc = 4096 / divisor;
  return count + (in * side * side * fc + fc) + (fc * fc + fc) + (fc * classes + classes);
}

std::vector<std::string> ParameterNames(const torch::nn::Module& module) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : ModuleState(module)) names.push_back(name);
  return names;
}

std::shared_ptr<SegModel> Classifier(const std::string& spec, int classes) {
  return MakeClassifier(ParseJson(spec, "spec"), classes, "backbone");
}

std::shared_ptr<Trunk> TightTrunk(const std::string& spec) {
  return MakeTrunk(ParseJson(spec, "spec"), {}, "backbone");
}

/// What making a backbone of this spec says; "" when it is accepted.
std::string VggMessage(const std::string& spec) {
  return ErrorOf([&] { TightTrunk(spec); });
}

std::string Spec(const std::string& name, const std::string& options) {
  return "{\"name\": \"" + name + "\", " + options + "}";
}

TEST(VggTest, ArithmeticGivesTorchvisionsCounts) {
  for (const VggRow& row : kVggRows)
    EXPECT_EQ(CountByArithmetic(row, 1, 7, 1000), row.parameters) << row.name;
}

TEST(VggTest, EveryRowHasItsLayersParameters) {
  for (const VggRow& row : kVggRows) {
    for (int64_t side : {7, 3}) {
      const auto model = Classifier(
          Spec(row.name, "\"width\": 0.125, \"fc6_kernel\": " + std::to_string(side)), 10);
      EXPECT_EQ(CountParameters(*model), CountByArithmetic(row, 8, side, 10)) << row.name;
    }
  }
}

// The two networks of half a gigabyte that are made at full width, one after the other.
TEST(VggTest, FullVgg16) {
  torch::manual_seed(1);
  const auto model = Classifier("\"vgg16\"", 1000);
  EXPECT_EQ(CountParameters(*model), 138357544);
  const auto parameters = model->named_parameters();
  EXPECT_EQ(parameters["classifier.0.weight"].sizes().vec(), (std::vector<int64_t>{4096, 25088}));
  EXPECT_EQ(parameters["classifier.6.weight"].sizes().vec(), (std::vector<int64_t>{1000, 4096}));
  // He et al. 2015: variance 2 / fan in; 2.4 million draws make the estimate good to 0.05 %.
  EXPECT_NEAR(parameters["features.28.weight"].std().item<double>(), std::sqrt(2.0 / (9 * 512)),
              1e-4);
  EXPECT_EQ(parameters["features.28.bias"].abs().max().item<double>(), 0);
}

TEST(VggTest, FullVgg16WithBatchNorm) {
  EXPECT_EQ(CountParameters(*Classifier("\"vgg16_bn\"", 1000)), 138365992);
}

TEST(VggTest, StateNamesAreTorchvisions) {
  std::vector<std::string> expected;
  for (int i : {0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28}) {
    expected.push_back("features." + std::to_string(i) + ".weight");
    expected.push_back("features." + std::to_string(i) + ".bias");
  }
  for (int i : {0, 3, 6}) {
    expected.push_back("classifier." + std::to_string(i) + ".weight");
    expected.push_back("classifier." + std::to_string(i) + ".bias");
  }
  EXPECT_EQ(ParameterNames(*Classifier(Spec("vgg16", "\"width\": 0.0625"), 10)), expected);
}

TEST(VggTest, StateNamesWithBatchNormAreTorchvisions) {
  std::set<std::string> expected;
  for (int i : {0, 3, 7, 10, 14, 17, 20, 24, 27, 30, 34, 37, 40}) {
    for (const char* part : {"weight", "bias"}) {
      expected.insert("features." + std::to_string(i) + "." + part);
    }
    for (const char* part :
         {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}) {
      expected.insert("features." + std::to_string(i + 1) + "." + part);
    }
  }
  for (int i : {0, 3, 6}) {
    for (const char* part : {"weight", "bias"}) {
      expected.insert("classifier." + std::to_string(i) + "." + part);
    }
  }
  const std::vector<std::string> names =
      ParameterNames(*Classifier(Spec("vgg16_bn", "\"width\": 0.0625"), 10));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()), expected);
  EXPECT_EQ(names.size(), expected.size());
}

TEST(VggTest, TrunkKeepsTheNamesOfItsConvolutions) {
  const std::vector<std::string> trunk =
      ParameterNames(*TightTrunk(Spec("vgg16", "\"width\": 0.0625")));
  const std::vector<std::string> whole =
      ParameterNames(*Classifier(Spec("vgg16", "\"width\": 0.0625"), 10));
  std::vector<std::string> expected(whole.begin(), whole.begin() + 26);
  for (const char* name : {"fc6.weight", "fc6.bias", "fc7.weight", "fc7.bias"})
    expected.push_back(name);
  EXPECT_EQ(trunk, expected);
}

TEST(VggTest, WidthScalesEveryLayer) {
  const auto half =
      Classifier(Spec("vgg11", "\"width\": 0.5, \"fc6_kernel\": 1"), 10)->named_parameters();
  EXPECT_EQ(half["features.0.weight"].sizes().vec(), (std::vector<int64_t>{32, 3, 3, 3}));
  EXPECT_EQ(half["features.18.weight"].sizes().vec(), (std::vector<int64_t>{256, 256, 3, 3}));
  EXPECT_EQ(half["classifier.0.weight"].sizes().vec(), (std::vector<int64_t>{2048, 256}));
  EXPECT_EQ(half["classifier.6.weight"].sizes().vec(), (std::vector<int64_t>{10, 2048}));
  const auto thin = TightTrunk(Spec("vgg11", "\"width\": 0.015625"));
  EXPECT_EQ(thin->named_parameters()["features.0.weight"].size(0), 1);
  EXPECT_EQ(thin->Channels(2), 1);
  EXPECT_EQ(thin->Channels(4), 2);
  EXPECT_EQ(thin->Channels(8), 4);
  EXPECT_EQ(thin->Channels(16), 8);
  EXPECT_EQ(thin->Channels(32), 64);
}

TEST(VggTest, TrunkMapsHaveTheirChannels) {
  for (const VggRow& row : kVggRows) {
    const auto trunk = TightTrunk(Spec(row.name, "\"width\": 0.0625, \"fc6_kernel\": 3"));
    trunk->eval();
    torch::NoGradGuard no_grad;
    const FeatureMaps maps = trunk->forward(torch::randn({1, 3, 65, 97}));
    ASSERT_EQ(maps.size(), 5u);
    for (const auto& [stride, map] : maps) {
      const std::vector<int64_t> expected = {1, trunk->Channels(stride), (65 + stride - 1) / stride,
                                             (97 + stride - 1) / stride};
      EXPECT_EQ(map.values.sizes().vec(), expected) << row.name << ", stride " << stride;
    }
  }
}

// DeepLab's way from 7x7 and 4096 channels to 3x3 and 1024, at 1/64 of the width.
TEST(VggTest, ATrunkStartsFromAPartOfALargerClassifier) {
  const at::Tensor fc6 = torch::arange(64.f * 8 * 49).reshape({64, 8 * 49}),
                   fc7 = torch::arange(64.f * 64).reshape({64, 64}), bias = torch::arange(64.f);
  const NamedTensors source = {{"features.0.weight", torch::ones({1, 3, 3, 3})},
                               {"classifier.0.weight", fc6},
                               {"classifier.0.bias", bias},
                               {"classifier.3.weight", fc7},
                               {"classifier.3.bias", -bias},
                               {"classifier.6.weight", torch::ones({10, 64})},
                               {"classifier.6.bias", torch::ones({10})}};
  const auto trunk =
      TightTrunk(Spec("vgg11", "\"width\": 0.015625, \"fc6_kernel\": 3, \"fc_width\": 16"));
  const NamedTensors start = trunk->StartFromClassifier(source).tensors;
  std::vector<std::string> names;
  for (const auto& [name, tensor] : start) names.push_back(name);
  ASSERT_EQ(names, (std::vector<std::string>{"features.0.weight", "fc6.weight", "fc6.bias",
                                             "fc7.weight", "fc7.bias"}));
  EXPECT_TRUE(at::equal(start[0].second, source[0].second));
  ASSERT_EQ(start[1].second.sizes().vec(), (std::vector<int64_t>{16, 8, 3, 3}));
  ASSERT_EQ(start[3].second.sizes().vec(), (std::vector<int64_t>{16, 16, 1, 1}));
  for (int64_t o = 0; o < 16; ++o) {
    EXPECT_EQ(start[2].second[o].item<float>(), 4 * o);
    EXPECT_EQ(start[4].second[o].item<float>(), -4 * o);
    for (int64_t i = 0; i < 16; ++i)
      EXPECT_EQ(start[3].second[o][i][0][0].item<float>(), 4 * o * 64 + 4 * i);
    for (int64_t c = 0; c < 8; ++c) {
      for (int64_t y = 0; y < 3; ++y) {
        for (int64_t x = 0; x < 3; ++x) {
          EXPECT_EQ(start[1].second[o][c][y][x].item<float>(),
                    4 * o * 8 * 49 + c * 49 + 3 * y * 7 + 3 * x);
        }
      }
    }
  }
  // A kernel instead of a matrix is the same.
  NamedTensors kernels = source;
  kernels[1].second = fc6.reshape({64, 8, 7, 7});
  kernels[3].second = fc7.reshape({64, 64, 1, 1});
  const NamedTensors same = trunk->StartFromClassifier(kernels).tensors;
  for (size_t i = 0; i < start.size(); ++i)
    EXPECT_TRUE(at::equal(same[i].second, start[i].second)) << start[i].first;
}

TEST(VggTest, OnlyWhatIsLargerIsSubsampled) {
  const auto shape = [](const std::string& options, int64_t side, int64_t channels) {
    const NamedTensors source = {{"classifier.0.weight", torch::ones({channels, 8 * side * side})}};
    return TightTrunk(Spec("vgg11", "\"width\": 0.015625, " + options))
        ->StartFromClassifier(source)
        .tensors[0]
        .second.sizes()
        .vec();
  };
  using Shape = std::vector<int64_t>;
  EXPECT_EQ(shape("\"fc6_kernel\": 7", 7, 64), (Shape{64, 8, 7, 7}));
  EXPECT_EQ(shape("\"fc6_kernel\": 3", 7, 64), (Shape{64, 8, 3, 3}));
  EXPECT_EQ(shape("\"fc6_kernel\": 1", 7, 64), (Shape{64, 8, 1, 1}));
  EXPECT_EQ(shape("\"fc6_kernel\": 3, \"fc_width\": 24", 5, 64), (Shape{24, 8, 3, 3}));
  EXPECT_EQ(shape("\"fc6_kernel\": 5", 7, 64), (Shape{64, 8, 7, 7})) << "no such step";
  EXPECT_EQ(shape("\"fc6_kernel\": 7", 3, 64), (Shape{64, 8, 3, 3})) << "it is smaller";
  EXPECT_EQ(shape("\"fc6_kernel\": 3", 3, 16), (Shape{16, 8, 3, 3})) << "it is narrower";
}

TEST(VggTest, FcWidthIsThatOfBothLayers) {
  const std::string spec = Spec("vgg11", "\"width\": 0.0625, \"fc6_kernel\": 3, \"fc_width\": 20");
  const auto classifier = Classifier(spec, 10)->named_parameters();
  EXPECT_EQ(classifier["classifier.0.weight"].sizes().vec(), (std::vector<int64_t>{20, 32 * 9}));
  EXPECT_EQ(classifier["classifier.3.weight"].sizes().vec(), (std::vector<int64_t>{20, 20}));
  EXPECT_EQ(classifier["classifier.6.weight"].sizes().vec(), (std::vector<int64_t>{10, 20}));
  const auto trunk = TightTrunk(spec);
  EXPECT_EQ(trunk->Channels(32), 20);
  EXPECT_EQ(trunk->named_parameters()["fc7.weight"].sizes().vec(),
            (std::vector<int64_t>{20, 20, 1, 1}));
  EXPECT_THAT(VggMessage(Spec("vgg11", "\"fc_width\": 0")), HasSubstr("backbone.fc_width"));
}

TEST(VggTest, OptionsAreChecked) {
  EXPECT_THAT(VggMessage(Spec("vgg11", "\"width\": 0")), HasSubstr("backbone.width"));
  EXPECT_THAT(VggMessage(Spec("vgg11", "\"width\": -1")), HasSubstr("backbone.width"));
  EXPECT_THAT(VggMessage(Spec("vgg11", "\"width\": 0.0625, \"fc6_kernel\": 6")),
              HasSubstr("must be odd"));
  EXPECT_THAT(VggMessage(Spec("vgg11", "\"fc6_kernel\": 0")), HasSubstr("backbone.fc6_kernel"));
  EXPECT_THAT(VggMessage(Spec("vgg11", "\"dropout\": 1")), HasSubstr("backbone.dropout"));
  EXPECT_THAT(VggMessage(Spec("vgg11", "\"dropout\": -0.1")), HasSubstr("backbone.dropout"));
  EXPECT_THAT(VggMessage(Spec("vgg11", "\"width\": 0.0625, \"droput\": 0.5")),
              HasSubstr("did you mean \"dropout\""));
  EXPECT_THAT(VggMessage("{\"width\": 0.5}"), HasSubstr("backbone.name"));
  EXPECT_EQ(VggMessage(Spec("vgg11", "\"width\": 0.0625, \"fc6_kernel\": 3, \"dropout\": 0")), "");
}

TEST(VggTest, ClassifierNeeds32Pixels) {
  const auto model = Classifier(Spec("vgg16", "\"width\": 0.0625, \"fc6_kernel\": 3"), 10);
  model->eval();
  torch::NoGradGuard no_grad;
  EXPECT_EQ(model->forward(torch::randn({2, 3, 32, 32})).logits.sizes(),
            (std::vector<int64_t>{2, 10}));
  EXPECT_THROW(model->forward(torch::randn({2, 3, 31, 32})), Error);
  EXPECT_THROW(model->forward(torch::randn({2, 3, 32, 31})), Error);
  EXPECT_THROW(model->forward(torch::randn({2, 1, 32, 32})), Error);
}

TEST(VggTest, DropoutWorksOnlyInTraining) {
  torch::manual_seed(2);
  const auto model = Classifier(Spec("vgg11", "\"width\": 0.0625, \"fc6_kernel\": 3"), 10);
  const auto trunk = TightTrunk(Spec("vgg11", "\"width\": 0.0625, \"fc6_kernel\": 3"));
  torch::NoGradGuard no_grad;
  const at::Tensor image = torch::randn({1, 3, 64, 64});
  model->eval();
  trunk->eval();
  EXPECT_TRUE(at::equal(model->forward(image).logits, model->forward(image).logits));
  EXPECT_TRUE(at::equal(trunk->forward(image).at(32).values, trunk->forward(image).at(32).values));
  model->train();
  trunk->train();
  EXPECT_FALSE(at::equal(model->forward(image).logits, model->forward(image).logits));
  EXPECT_FALSE(at::equal(trunk->forward(image).at(32).values, trunk->forward(image).at(32).values));
}

}  // namespace
}  // namespace seglab
