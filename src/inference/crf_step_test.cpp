#include "inference/crf_step.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <limits>

#include "base/test_error.h"
#include "inference/predictor.h"
#include "inference/test_color_model.h"
#include "models/test_models.h"

namespace seglab {
namespace {

TEST(CrfStep, GivesLogarithmsOfProbabilities) {
  const at::Tensor image = RandomImage(2, 12, 17);
  CrfStep step(CrfOptions{});
  const at::Tensor scores = torch::randn({2, 5, 12, 17});
  const at::Tensor refined = step.Refine(image, scores, "image");
  EXPECT_EQ(refined.sizes(), scores.sizes());
  EXPECT_TRUE(at::allclose(refined.exp().sum(1), at::ones({2, 12, 17}), 1e-4, 1e-4));
  // Each image of a batch alone.
  EXPECT_TRUE(
      at::equal(step.Refine(image.slice(0, 1), scores.slice(0, 1), "image")[0], refined[1]));
}

TEST(CrfStep, NamesTheImageWhoseScoresAreNoNumbers) {
  CrfStep step(CrfOptions{});
  const at::Tensor scores = at::full({1, 2, 3, 4}, std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(ErrorOf([&] { step.Refine(RandomImage(1, 3, 4), scores, "a.jpg"); }),
              ::testing::HasSubstr("a.jpg: scores"));
}

TEST(Predictor, WithCrfFollowsTheColorsOfTheImage) {
  // Red on the left, blue on the right; a pixel of noise in the red.
  at::Tensor image = torch::zeros({1, 30, 40, 3}, at::kByte);
  image.slice(2, 0, 20).select(3, 0).fill_(230);
  image.slice(2, 20).select(3, 2).fill_(230);
  image[0][10][5][0] = 100;
  image[0][10][5][2] = 110;
  const auto model = std::make_shared<ColorModel>();
  const at::Tensor plain = Predictor(model).Labels(image);
  EXPECT_EQ(plain[0][10][5].item<int>(), 2);
  PredictOptions options;
  options.crf.emplace();
  options.crf->bilateral_sigma_rgb = 20;
  const at::Tensor refined = Predictor(model, options).Labels(image);
  EXPECT_EQ(refined[0][10][5].item<int>(), 0);
  EXPECT_EQ(refined.sum().item<int64_t>(), 30 * 20 * 2);
}

TEST(Predictor, NoCrfForAClassifier) {
  PredictOptions options;
  options.crf.emplace();
  Predictor predictor(SeededModel(Json{{"name", "classifier"}, {"backbone", "squeezenet1_1"}}, 3),
                      options);
  EXPECT_THAT(ErrorOf([&] { predictor.Scores(RandomImage(1, 40, 40)); }),
              ::testing::HasSubstr("classifier"));
}

}  // namespace
}  // namespace seglab
