#include "models/deeplab_v1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "base/test_error.h"
#include "models/registry.h"
#include "models/test_deeplab_reference.h"
#include "tensor/state.h"

namespace seglab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct V1Row {
  const char* fc6;
  int64_t kernel, rate, padding, width;
};
constexpr V1Row kV1Rows[] = {{"largefov", 3, 12, 12, 1024},
                             {"7x7_r4", 7, 4, 12, 4096},
                             {"4x4_r4", 4, 4, 6, 4096},
                             {"4x4_r8", 4, 8, 12, 4096}};

/// A thin network without dropout.
std::shared_ptr<SegModel> ThinV1(Json options = Json::object()) {
  Json spec = {
      {"name", "deeplab_v1"}, {"dropout", 0}, {"backbone", {{"name", "vgg16"}, {"width", 0.0625}}}};
  spec.update(options);
  return MakeModel(spec, 5);
}

std::string V1Message(const Json& options) {
  return ErrorOf([&] { ThinV1(options); });
}

/// The scores that the loss is taken of.
ScoreMap TrainedMap(SegModel& model, const at::Tensor& image) {
  torch::NoGradGuard no_grad;
  model.train();
  const SegOutput out = model.forward(image);
  EXPECT_EQ(out.train_on.size(), 1u);
  return out.train_on.at(0);
}

TEST(DeepLabV1Test, EqualsTheReleasedLayers) {
  for (const V1Row& row : kV1Rows) {
    for (bool msc : {false, true}) {
      SCOPED_TRACE(std::string(row.fc6) + (msc ? " msc" : ""));
      const auto model = ThinV1({{"fc6", row.fc6}, {"msc", msc}});
      model->to(torch::kDouble);
      RandomizeDeepLab(*model);
      torch::NoGradGuard no_grad;
      const at::Tensor image = torch::randn({2, 3, 97, 65}, torch::kDouble);
      const DeepLabReference reference(*model);
      const std::vector<at::Tensor> pools = reference.Pools(image);
      at::Tensor x = pools[4];
      if (row.kernel == 3) x = at::avg_pool2d(x, 3, 1, 1);
      at::Tensor expected = reference.Fc(x, row.padding, row.rate);
      if (msc) {
        expected = expected + reference.Msc("data", image, 8) +
                   reference.Msc("pool1", pools[0], 4) + reference.Msc("pool2", pools[1], 2) +
                   reference.Msc("pool3", pools[2], 1) + reference.Msc("pool4", pools[3], 1);
      }
      const ScoreMap map = TrainedMap(*model, image);
      ASSERT_EQ(map.logits.sizes(), (std::vector<int64_t>{2, 5, 13, 9}));
      const double scale = expected.abs().max().item<double>();
      EXPECT_GT(scale, 0.01);
      EXPECT_LT((map.logits - expected).abs().max().item<double>(), 1e-10 * scale);
      EXPECT_EQ(map.grid, (MapGrid{8, 0}));
      // At 8 k + 1 pixels Caffe's Interp layer is interpolation from corner to corner.
      model->eval();
      const SegOutput out = model->forward(image);
      EXPECT_TRUE(out.train_on.empty());
      const at::Tensor wide = at::upsample_bilinear2d(expected, {97, 65}, /*align_corners=*/true);
      EXPECT_LT((out.logits - wide).abs().max().item<double>(), 1e-10 * scale);
    }
  }
}

TEST(DeepLabV1Test, LayersHaveTheirShapes) {
  for (const V1Row& row : kV1Rows) {
    SCOPED_TRACE(row.fc6);
    const auto model = ThinV1({{"fc6", row.fc6}});
    const auto parameters = model->named_parameters();
    const int64_t fc = row.width / 16;
    EXPECT_EQ(parameters["fc6.weight"].sizes().vec(),
              (std::vector<int64_t>{fc, 32, row.kernel, row.kernel}));
    EXPECT_EQ(parameters["fc7.weight"].sizes().vec(), (std::vector<int64_t>{fc, fc, 1, 1}));
    EXPECT_EQ(parameters["fc8.weight"].sizes().vec(), (std::vector<int64_t>{5, fc, 1, 1}));
    EXPECT_NEAR(parameters["fc8.weight"].std().item<double>(), 0.01, 0.002);
    EXPECT_EQ(parameters["fc8.bias"].abs().max().item<double>(), 0);
  }
  EXPECT_EQ(ThinV1({{"fc_width", 24}})->named_parameters()["fc7.weight"].size(0), 24);
}

TEST(DeepLabV1Test, FreshMscAsReleased) {
  const auto parameters = ThinV1({{"msc", true}})->named_parameters();
  const auto deviation = [&](const std::string& layer) {
    EXPECT_EQ(parameters["msc." + layer + ".bias"].abs().max().item<double>(), 0) << layer;
    return parameters["msc." + layer + ".weight"].std().item<double>();
  };
  for (const std::string source : {"data", "pool1", "pool2", "pool3", "pool4"}) {
    EXPECT_NEAR(deviation(source + "_conv"), 0.001, 1e-4) << source;
    EXPECT_NEAR(deviation(source + "_fc"), source == "pool4" ? 0.005 : 0.001, 1e-4) << source;
    EXPECT_NEAR(deviation(source + "_ms"), 0.01, 2e-3) << source;
  }
}

// 321 -> 41; n = 32 k - 31 keeps all pools on pixels.
TEST(DeepLabV1Test, MapsHaveEveryEighthPixel) {
  const auto model =
      ThinV1({{"msc", true}, {"backbone", {{"name", "vgg11"}, {"width", 0.015625}}}});
  for (int64_t n : {321, 1, 33, 65, 97, 2, 7, 8, 9, 10, 16, 17, 31, 32, 40, 64}) {
    const at::Tensor image = torch::randn({1, 3, n, 9});
    const ScoreMap map = TrainedMap(*model, image);
    EXPECT_EQ(map.logits.size(2), (n + 7) / 8) << n;
    EXPECT_EQ(map.logits.size(3), 2);
    torch::NoGradGuard no_grad;
    EXPECT_EQ(model->forward(image).logits.sizes(), (std::vector<int64_t>{1, 5, n, 9}));
  }
  EXPECT_EQ(TrainedMap(*model, torch::randn({1, 3, 321, 321})).logits.size(3), 41);
}

// Every variant at sizes from one pixel on, in training and in evaluation.
TEST(DeepLabV1Test, AnySizeWorks) {
  for (const V1Row& row : kV1Rows) {
    const auto model = ThinV1({{"fc6", row.fc6},
                               {"dropout", 0.5},
                               {"backbone", {{"name", "vgg11"}, {"width", 0.015625}}}});
    torch::NoGradGuard no_grad;
    for (int64_t height : {1, 3, 33}) {
      for (int64_t width : {1, 6, 26}) {
        for (bool training : {false, true}) {
          model->train(training);
          const SegOutput out = model->forward(torch::randn({2, 3, height, width}));
          EXPECT_EQ(out.logits.sizes(), (std::vector<int64_t>{2, 5, height, width}));
          EXPECT_TRUE(at::isfinite(out.logits).all().item<bool>());
        }
      }
    }
  }
}

// A pixel that is not a number spoils the cells whose windows hold it: as many to both sides of its
// own place when averaged over a whole cell. Even windows look to neither side.
TEST(DeepLabV1Test, WindowsAreCentredOnTheirCells) {
  constexpr int64_t kHeight = 48, kWidth = 640, kMiddle = kWidth / 2;
  for (const V1Row& row : kV1Rows) {
    for (bool msc : {false, true}) {
      SCOPED_TRACE(row.fc6);
      const auto model = ThinV1(
          {{"fc6", row.fc6}, {"msc", msc}, {"backbone", {{"name", "vgg11"}, {"width", 0.015625}}}});
      model->to(torch::kDouble);
      at::Tensor images = torch::zeros({8, 3, kHeight, kWidth}, torch::kDouble);
      for (int64_t i = 0; i < 8; ++i)
        images[i].select(2, kMiddle + i).fill_(std::numeric_limits<double>::quiet_NaN());
      const at::Tensor map = TrainedMap(*model, images).logits;
      double sum = 0;
      for (int64_t i = 0; i < 8; ++i) {
        const at::Tensor hit = at::isnan(map[i]).any(0).any(0).nonzero();
        ASSERT_GT(hit.numel(), 0);
        const int64_t first = hit.min().item<int64_t>(), last = hit.max().item<int64_t>();
        ASSERT_TRUE(first > 0 && last + 1 < map.size(3)) << "the windows are wider than the image";
        sum += 8 * static_cast<double>(first + last) / 2 - static_cast<double>(kMiddle + i);
      }
      EXPECT_NEAR(sum / 8, 0, 1e-9);
    }
  }
}

// Section 3.1: fc6 at rate r sees each of the r^2 sub-lattices as a plain window sees a map.
TEST(DeepLabV1Test, AnAtrousWindowIsAPlainOneOnEachSubLattice) {
  torch::manual_seed(4);
  const at::Tensor x = torch::randn({1, 4, 26, 31}, torch::kDouble);
  for (const auto& [side, rate] : {std::pair<int64_t, int64_t>{7, 4}, {3, 12}, {3, 2}}) {
    const at::Tensor kernel = torch::randn({3, 4, side, side}, torch::kDouble);
    const at::Tensor atrous = at::conv2d(x, kernel, {}, 1, (side - 1) / 2 * rate, rate);
    ASSERT_EQ(atrous.size(2), 26);
    for (int64_t row = 0; row < rate; ++row) {
      for (int64_t column = 0; column < rate; ++column) {
        const auto lattice = [&, r = rate](const at::Tensor& map) {
          return map.slice(2, row, 26, r).slice(3, column, 31, r).contiguous();
        };
        const at::Tensor plain = at::conv2d(lattice(x), kernel, {}, 1, (side - 1) / 2);
        EXPECT_LT((lattice(atrous) - plain).abs().max().item<double>(), 1e-12);
      }
    }
  }
}

// 4x4 at rate 8 and 3x3 at rate 12 look at taps of 7x7 at rate 4: with the weights of the others
// zero they are the same.
TEST(DeepLabV1Test, SmallerWindowsAreDecimatedOnes) {
  torch::manual_seed(5);
  const at::Tensor x = torch::randn({1, 2, 30, 28}, torch::kDouble);
  for (const V1Row& row : {kV1Rows[0], kV1Rows[3]}) {
    const int64_t step = row.rate / 4;
    const at::Tensor kernel = torch::randn({3, 2, row.kernel, row.kernel}, torch::kDouble),
                     whole = torch::zeros({3, 2, 7, 7}, torch::kDouble);
    whole.slice(2, 0, 7, step).slice(3, 0, 7, step).copy_(kernel);
    const at::Tensor expected = at::conv2d(x, whole, {}, 1, 12, 4),
                     found = at::conv2d(x, kernel, {}, 1, row.padding, row.rate);
    EXPECT_LT((found - expected).abs().max().item<double>(), 1e-12) << row.fc6;
  }
}

TEST(DeepLabV1Test, DropoutIsAnOption) {
  const auto model = ThinV1({{"dropout", 0.5}, {"msc", true}}), still = ThinV1({{"msc", true}});
  const at::Tensor image = torch::randn({1, 3, 33, 33});
  EXPECT_FALSE(at::equal(TrainedMap(*model, image).logits, TrainedMap(*model, image).logits));
  EXPECT_TRUE(at::equal(TrainedMap(*still, image).logits, TrainedMap(*still, image).logits));
}

TEST(DeepLabV1Test, OtherTrunksHaveAFreshFc6) {
  const Json resnet = {{"name", "resnet18"}, {"width", 0.125}};
  const auto model = ThinV1({{"backbone", resnet}, {"fc_width", 32}, {"msc", true}});
  const auto parameters = model->named_parameters();
  EXPECT_EQ(parameters["fc6.weight"].sizes().vec(), (std::vector<int64_t>{32, 64, 3, 3}));
  EXPECT_EQ(parameters["msc.pool1_conv.weight"].size(1), 8);
  EXPECT_EQ(TrainedMap(*model, torch::randn({2, 3, 65, 41})).logits.sizes(),
            (std::vector<int64_t>{2, 5, 9, 6}));
  const Json alexnet = {{"name", "alexnet"}, {"width", 0.0625}};
  EXPECT_EQ(V1Message({{"backbone", alexnet}}), "");
  EXPECT_THAT(V1Message({{"backbone", alexnet}, {"msc", true}}), HasSubstr("stride 2"));
}

TEST(DeepLabV1Test, OptionsAreNamedInMessages) {
  EXPECT_THAT(V1Message({{"fc6", "large_fov"}}),
              AllOf(HasSubstr("model.fc6"), HasSubstr("did you mean \"largefov\"")));
  EXPECT_THAT(V1Message({{"fc_width", 0}}), HasSubstr("model.fc_width"));
  EXPECT_THAT(V1Message({{"dropout", 1}}), HasSubstr("model.dropout"));
  for (const std::string option : {"fc6_kernel", "fc_width", "dropout"}) {
    const Json backbone = {{"name", "vgg16"}, {"width", 0.0625}, {option, 1}};
    EXPECT_THAT(V1Message({{"backbone", backbone}}),
                AllOf(HasSubstr("model.backbone." + option), HasSubstr("beside \"backbone\"")));
  }
  EXPECT_THAT(ErrorOf([] {
                ThinV1()->forward(torch::zeros({1, 1, 9, 9}));
              }),
              HasSubstr("deeplab_v1 input"));
}

}  // namespace
}  // namespace seglab
