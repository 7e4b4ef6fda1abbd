#include "models/unet.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "base/test_error.h"
#include "models/test_models.h"
#include "nn/mirror.h"

namespace seglab {
namespace {

using testing::HasSubstr;

UnetOptions Published(double width = 1) {
  UnetOptions options;
  options.geometry = UnetGeometry::kPublished;
  options.in_channels = 1;
  options.width = width;
  return options;
}

TEST(UnetTest, SizesAreThePapers) {
  EXPECT_EQ(CountParameters(*MakeUnet(Published(), 2)), 31030658);
  UnetOptions colored;
  EXPECT_EQ(CountParameters(*MakeUnet(colored, 11)), 31032395);
  const UnetSizes sizes = PublishedUnetSizes(5, 388);
  EXPECT_EQ(sizes.input, 572);
  EXPECT_EQ(sizes.output, 388);
  EXPECT_EQ(PublishedUnetSizes(5, 389).output, 404);
  EXPECT_EQ(PublishedUnetSizes(5, 1).output, 4);
}

/// Figure 1 of the paper, layer by layer.
/// @param x  (N, 1, 16 n + 12, 16 n + 12)
at::Tensor FigureOne(const SegModel& model, const at::Tensor& x) {
  std::map<std::string, at::Tensor> weights;
  for (const auto& item : model.named_parameters()) weights[item.key()] = item.value();
  const auto pair = [&](const std::string& name, at::Tensor y) {
    for (const std::string layer : {".0", ".2"}) {
      y = at::conv2d(y, weights.at(name + layer + ".weight"), weights.at(name + layer + ".bias"))
              .relu();
    }
    return y;
  };
  std::vector<at::Tensor> maps;
  at::Tensor y = x;
  for (int level = 1; level <= 5; ++level) {
    y = pair("down" + std::to_string(level), y);
    maps.push_back(y);
    if (level < 5) y = at::max_pool2d(y, 2);
  }
  for (int level = 4; level > 0; --level) {
    const std::string name = "upconv" + std::to_string(level) + ".up";
    y = at::conv_transpose2d(y, weights.at(name + ".weight"), weights.at(name + ".bias"), 2);
    const at::Tensor& map = maps[level - 1];
    const int64_t border = (map.size(2) - y.size(2)) / 2;
    y = at::cat({map.slice(2, border, border + y.size(2)).slice(3, border, border + y.size(3)), y},
                1);
    y = pair("up" + std::to_string(level), y);
  }
  return at::conv2d(y, weights.at("score.weight"), weights.at("score.bias"));
}

TEST(UnetTest, PublishedIsFigureOneOnTheMirroredImage) {
  torch::manual_seed(1);
  const auto model = MakeUnet(Published(0.125), 3);
  model->eval();
  const torch::NoGradGuard no_grad;
  for (const auto& [height, width] : {std::pair(52, 36), std::pair(50, 23), std::pair(1, 1)}) {
    const at::Tensor image = torch::randn({1, 3, height, width});
    const int64_t rows = (height - 4 + 15) / 16 * 16 + 4, columns = (width - 4 + 15) / 16 * 16 + 4;
    const at::Tensor mirrored =
        MirrorPad(image.mean(1, true), 92, 92 + rows - height, 92, 92 + columns - width);
    const at::Tensor expected = FigureOne(*model, mirrored).slice(2, 0, height).slice(3, 0, width);
    const at::Tensor found = model->forward(image).logits;
    ASSERT_EQ(found.sizes(), expected.sizes());
    EXPECT_LT((found - expected).abs().max().item<float>(),
              1e-5 * expected.abs().max().item<float>());
  }
}

// The overlap-tile strategy: tiles that see the image around them give the image's own scores.
TEST(UnetTest, TilesGiveTheScoresOfTheImageAsAWhole) {
  const Json spec = {{"name", "unet"}, {"geometry", "published"}, {"width", 0.125}};
  for (int64_t tile : {36, 20, 16}) {
    Json tiled_spec = spec;
    tiled_spec["tile"] = tile;
    const auto whole = SeededModel(spec, 3), tiled = SeededModel(tiled_spec, 3);
    whole->eval();
    tiled->eval();
    const torch::NoGradGuard no_grad;
    const at::Tensor image = torch::randn({1, 3, 70, 51});
    const at::Tensor expected = whole->forward(image).logits, found = tiled->forward(image).logits;
    ASSERT_EQ(found.sizes(), expected.sizes());
    EXPECT_LT((found - expected).abs().max().item<float>(),
              1e-5 * expected.abs().max().item<float>())
        << tile;
  }
}

TEST(UnetTest, TakesEveryWayBackAtEverySize) {
  for (const std::string& upsampling : UpsamplingNames()) {
    for (const std::string geometry : {"same", "published"}) {
      const Json spec = {{"name", "unet"}, {"geometry", geometry}, {"upsampling", upsampling},
                         {"levels", 3},    {"batch_norm", true},   {"width", 0.125}};
      if (geometry == "published" && upsampling == "max_unpooling") {
        EXPECT_THAT(ErrorOf([&] { MakeModel(spec, 3); }), HasSubstr("model.upsampling"));
        continue;
      }
      const auto model = SeededModel(spec, 3);
      for (const auto& [height, width] : {std::pair(33, 50), std::pair(1, 1)}) {
        const at::Tensor image = torch::randn({2, 3, height, width});
        EXPECT_EQ(model->forward(image).logits.sizes(),
                  (std::vector<int64_t>{2, 3, height, width}));
      }
    }
  }
}

TEST(UnetTest, OptionsAreChecked) {
  const auto error = [](Json spec) {
    spec["name"] = "unet";
    return ErrorOf([&] { MakeModel(spec, 3); });
  };
  EXPECT_THAT(error({{"in_channels", 2}}), HasSubstr("model.in_channels: must be 1 or 3, found 2"));
  EXPECT_THAT(error({{"tile", 388}}), HasSubstr("take the evaluation's \"window\""));
  EXPECT_THAT(error({{"levels", 9}}), HasSubstr("model.levels: must be between 2 and 6"));
  EXPECT_THAT(error({{"geometry", "sane"}}), HasSubstr("did you mean \"same\""));
}

}  // namespace
}  // namespace seglab
