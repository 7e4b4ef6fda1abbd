#include "inference/windows.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace seglab {
namespace {

TEST(WindowStarts, CoverAllPixelsAndEndWithTheImage) {
  EXPECT_EQ(WindowStarts(10, 20, 5), (std::vector<int64_t>{0}));
  EXPECT_EQ(WindowStarts(20, 20, 5), (std::vector<int64_t>{0}));
  EXPECT_EQ(WindowStarts(21, 20, 20), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(WindowStarts(50, 20, 14), (std::vector<int64_t>{0, 14, 28, 30}));
  for (int64_t length = 1; length < 90; ++length) {
    for (int64_t size : {1, 7, 32}) {
      for (int64_t stride : {int64_t{1}, (size + 1) / 2, size}) {
        int64_t covered = 0;
        for (int64_t start : WindowStarts(length, size, stride)) {
          EXPECT_LE(start, covered);
          covered = start + size;
        }
        EXPECT_GE(covered, length);
        if (length > size) {
          EXPECT_EQ(covered, length);
        }
      }
    }
  }
}

TEST(ScoreWindows, OneWindowIsTheImage) {
  const at::Tensor input = torch::rand({1, 3, 17, 31});
  int calls = 0;
  const auto score = [&](const at::Tensor& part) {
    ++calls;
    return part.cumsum(3);
  };
  EXPECT_TRUE(at::equal(ScoreWindows(input, {31, 10}, score), input.cumsum(3)));
  EXPECT_TRUE(at::equal(ScoreWindows(input, {}, score), input.cumsum(3)));
  EXPECT_EQ(calls, 2);
}

TEST(ScoreWindows, WhereTheyOverlapIsTheMean) {
  const at::Tensor input = torch::zeros({1, 3, 1, 6});
  double next = 0;
  const at::Tensor scores = ScoreWindows(input, {4, 2}, [&](const at::Tensor& part) {
    return at::full({1, 2, part.size(2), part.size(3)}, ++next);
  });
  const at::Tensor row = torch::tensor({1.0f, 1.0f, 1.5f, 1.5f, 2.0f, 2.0f});
  EXPECT_TRUE(at::equal(scores[0][0][0], row)) << scores;
  EXPECT_TRUE(at::equal(scores[0][1][0], row));
}

TEST(ScoreWindows, AScoreOfEachPixelAloneIsThatOfTheImage) {
  const at::Tensor input = torch::rand({2, 3, 40, 53});
  const auto score = [](const at::Tensor& part) { return part * 3 + 1; };
  EXPECT_TRUE(at::allclose(ScoreWindows(input, {16, 0}, score), score(input)));
}

}  // namespace
}  // namespace seglab
