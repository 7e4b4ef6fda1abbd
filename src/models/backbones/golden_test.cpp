#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "models/registry.h"
#include "tensor/preprocessing.h"
#include "tensor/state.h"
#include "tensor/tensor_file.h"

// The small pretrained weights of ../shared/weights, and what their networks make of one image in
// double precision.
namespace seglab {
namespace {

struct GoldenRow {
  std::string file;  ///< without .safetensors
  std::string model;
  int classes;
  bool has_head;
};

void PrintTo(const GoldenRow& row, std::ostream* out) { *out << row.file; }

const std::vector<GoldenRow> kRows = {
    {"squeezenet1_0", R"({"name": "classifier", "backbone": "squeezenet1_0"})", 1000, true},
    {"squeezenet1_1", R"({"name": "classifier", "backbone": "squeezenet1_1"})", 1000, false},
    {"mobilenet_v1_0.25",
     R"({"name": "classifier", "backbone": {"name": "mobilenet_v1", "width": 0.25}})", 1000, true},
    {"mobilenet_v1_1.0",
     R"({"name": "classifier", "backbone": {"name": "mobilenet_v1", "relu6": true}})", 1000, false},
    {"mobilenet_v2", R"({"name": "classifier", "backbone": "mobilenet_v2"})", 1000, true},
    {"deeplabv3_mobilenet_v2_voc", R"({"name": "deeplabv3_mobilenet_v2"})", 21, true}};

std::string Weights(const std::string& name) {
  const char* shared = std::getenv("SEGLAB_SHARED");
  const std::filesystem::path folder = shared != nullptr ? shared : "../shared";
  return (folder / "weights" / (name + ".safetensors")).string();
}

std::shared_ptr<SegModel> Load(const GoldenRow& row, const TensorFile& file) {
  const auto model = MakeModel(ParseJson(row.model, "spec"), row.classes);
  LoadOptions options;
  options.where = row.file;
  if (!row.has_head) options.allow_missing = {"classifier"};
  LoadState(*model, file.tensors, options);
  model->eval();
  return model;
}

/// The tolerance that goes with the files.
void ExpectNear(const at::Tensor& found, const at::Tensor& expected, const std::string& what) {
  ASSERT_EQ(found.sizes(), expected.sizes()) << what;
  const double largest = expected.abs().max().item<double>();
  EXPECT_LE((found - expected).abs().max().item<double>(), 1e-4 * std::max(1.0, largest)) << what;
}

std::string GoldenName(const testing::TestParamInfo<GoldenRow>& info) {
  std::string name = info.param.file;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

class Golden : public testing::TestWithParam<GoldenRow> {
 protected:
  void SetUp() override {
    const GoldenRow& row = GetParam();
    if (!std::filesystem::exists(Weights(row.file))) {
      GTEST_SKIP() << Weights(row.file) << " is not there";
    }
    weights_ = ReadSafetensors(Weights(row.file));
    golden_ = ReadSafetensors(Weights("golden_" + row.file));
  }

  const at::Tensor& Expected(const std::string& name) const {
    const at::Tensor* tensor = golden_.Find(name);
    EXPECT_NE(tensor, nullptr) << name;
    return *tensor;
  }

  TensorFile weights_, golden_;
};
INSTANTIATE_TEST_SUITE_P(Files, Golden, testing::ValuesIn(kRows), GoldenName);

TEST_P(Golden, FeaturesAndLogits) {
  const GoldenRow& row = GetParam();
  const auto model = Load(row, weights_);
  torch::NoGradGuard no_grad;
  const at::Tensor& input = Expected("input");
  ExpectNear(model->Features(input), Expected("features"), "features");
  if (!row.has_head) return;
  at::Tensor logits = model->forward(input).logits;
  if (logits.dim() == 4) {
    // The file's map is the one before upsampling: with corners on corners every 16th pixel.
    const at::Tensor same = logits.argmax(1).squeeze(0).eq(Expected("labels_u8").to(torch::kLong));
    EXPECT_GE(same.to(torch::kDouble).mean().item<double>(), 0.9999);
    logits = logits.slice(2, 0, 257, 16).slice(3, 0, 257, 16);
    const at::Tensor& expected = Expected("logits");
    ExpectNear(logits, expected.dim() == 3 ? expected.unsqueeze(0) : expected, "logits");
  } else {
    ExpectNear(logits, Expected("logits"), "logits");
  }
}

// The file's own preprocessing makes the input of the image.
TEST_P(Golden, PreprocessingTravelsWithTheFile) {
  Preprocessing preprocessing;
  ASSERT_TRUE(preprocessing.FromMetadata(weights_.metadata, GetParam().file));
  ExpectNear(Preprocess(Expected("image_rgb_u8").unsqueeze(0), preprocessing), Expected("input"),
             "input");
}

// The same features come out of the trunk in a segmentation network, where that pads as the
// classifier does.
TEST_P(Golden, StartsAnFcn) {
  const GoldenRow& row = GetParam();
  const Json spec = ParseJson(row.model, "spec");
  if (!spec.contains("backbone")) GTEST_SKIP() << "is no backbone";
  const auto model = MakeModel({{"name", "fcn32s"}, {"backbone", spec["backbone"]}}, 21);
  const SegModel::Start start = model->StartFrom(weights_.tensors);
  LoadState(*model, start.tensors, {row.file, start.new_layers, start.dropped_layers});
  model->eval();
  torch::NoGradGuard no_grad;
  const at::Tensor features = model->Features(Expected("input"));
  if (HasPrefix(row.file, "squeezenet1_0") || HasPrefix(row.file, "squeezenet1_1")) {
    EXPECT_EQ(features.sizes().vec(), (std::vector<int64_t>{1, 512, 7, 7}));
    EXPECT_GT(features.max().item<double>(), 1);
  } else {
    ExpectNear(features, Expected("features"), "features");
  }
}

}  // namespace
}  // namespace seglab
