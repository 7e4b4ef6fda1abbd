#include "inference/crf_search.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <fstream>

#include "base/files.h"
#include "base/log.h"
#include "base/test_error.h"
#include "base/test_folder.h"
#include "data/convert.h"
#include "data/test_dataset.h"
#include "inference/test_color_model.h"

namespace seglab {
namespace {

/// Red and blue halves with noise, which the network takes for other classes.
std::shared_ptr<MemoryDataset> NoisyHalves(int images) {
  std::vector<Sample> samples;
  torch::manual_seed(3);
  for (int i = 0; i < images; ++i) {
    at::Tensor image = torch::randint(120, {24, 32, 3}, at::kByte);
    image.slice(1, 0, 16).select(2, 0).add_(60);
    image.slice(1, 16).select(2, 2).add_(60);
    cv::Mat truth(24, 32, CV_8UC1, cv::Scalar(0));
    truth.colRange(16, 32).setTo(2);
    samples.push_back({ImageFromTensor(image), truth, StrCat("halves ", i)});
  }
  return std::make_shared<MemoryDataset>(samples, 3);
}

CrfSearchOptions SmallSearch() {
  CrfSearchOptions options;
  options.weights = {1, 4};
  options.sigmas_xy = {5, 15};
  options.sigmas_rgb = {3, 60};
  options.threads = 2;
  return options;
}

TEST(FinerValues, HalveTheStep) {
  EXPECT_EQ(FinerValues({30, 40, 50}, 40, 1), (std::vector<double>{35, 40, 45}));
  EXPECT_EQ(FinerValues({30, 40, 50}, 35, 2), (std::vector<double>{32.5, 35, 37.5}));
  EXPECT_EQ(FinerValues({1, 3}, 1, 1), (std::vector<double>{1, 2}));
  EXPECT_EQ(FinerValues({4}, 4, 1), (std::vector<double>{4}));
}

TEST(SearchCrf, FindsWhatIsBestAndGoesOnWhereItWas) {
  const LogSilence silence;
  const TestFolder folder;
  const auto data = NoisyHalves(5);
  const auto model = std::make_shared<ColorModel>();
  Predictor predictor(model);
  CrfSearchOptions options = SmallSearch();
  options.images = 3;
  const std::string out = JoinPath(folder.path(), "search");
  const CrfSearchResult result = SearchCrf(predictor, *data, out, {{"of", "test"}}, options);
  EXPECT_EQ(model->passes, 3);
  // 8 on the grid; each finer value but the best's own is new: at most 27 - 1 more.
  EXPECT_GT(result.trials.size(), 8u);
  EXPECT_GT(result.trials.front().mean_iou, result.plain.mean_iou + 0.2);
  for (size_t i = 1; i < result.trials.size(); ++i) {
    EXPECT_LE(result.trials[i].mean_iou, result.trials[i - 1].mean_iou);
  }

  // As if it had been killed: a line is cut off, another is gone.
  const std::string tried = JoinPath(out, "tried.jsonl");
  std::string text = ReadFile(tried);
  text.resize(text.size() - 20);
  std::ofstream(tried) << text;
  const CrfSearchResult again = SearchCrf(predictor, *data, out, {{"of", "test"}}, options);
  EXPECT_EQ(model->passes, 3);
  ASSERT_EQ(again.trials.size(), result.trials.size());
  for (size_t i = 0; i < result.trials.size(); ++i) {
    EXPECT_EQ(again.trials[i].options.ToJson(), result.trials[i].options.ToJson());
    EXPECT_DOUBLE_EQ(again.trials[i].mean_iou, result.trials[i].mean_iou);
  }
  EXPECT_THAT(ErrorOf([&] {
                SearchCrf(predictor, *data, out, {{"of", "another"}}, options);
              }),
              ::testing::AllOf(::testing::HasSubstr("another"), ::testing::HasSubstr("--out")));
}

TEST(SearchCrf, TheNumberOfThreadsChangesNothing) {
  const LogSilence silence;
  const TestFolder folder;
  const auto data = NoisyHalves(4);
  Predictor predictor(std::make_shared<ColorModel>());
  CrfSearchOptions options = SmallSearch();
  options.rounds = 1;
  std::vector<double> scores;
  for (int threads : {1, 3}) {
    options.threads = threads;
    const auto result = SearchCrf(predictor, *data, JoinPath(folder.path(), StrCat(threads)),
                                  Json::object(), options);
    scores.push_back(result.trials.front().mean_iou);
  }
  EXPECT_DOUBLE_EQ(scores[0], scores[1]);
}

TEST(SearchCrf, OptionsAreChecked) {
  CrfSearchOptions options;
  options.rounds = 0;
  EXPECT_THAT(ErrorOf([&] { options.Check("tune"); }), ::testing::HasSubstr("rounds"));
  options = {};
  options.sigmas_rgb = {3, 0};
  EXPECT_THAT(ErrorOf([&] { options.Check("tune"); }), ::testing::HasSubstr("sigmas_rgb"));
}

}  // namespace
}  // namespace seglab
