#include "metrics/confusion_matrix.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace seglab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

using Labels = std::vector<uint8_t>;

void Add(ConfusionMatrix& matrix, const Labels& truth, const Labels& prediction, int ignore) {
  matrix.Add(truth.data(), prediction.data(), static_cast<int64_t>(truth.size()), ignore, "a.png");
}

/// Labels below `classes` in runs of random length, so that uniform and mixed blocks occur.
Labels RandomLabels(int64_t count, int classes, int64_t longest_run, RandomStream& random) {
  Labels labels;
  while (static_cast<int64_t>(labels.size()) < count) {
    const int64_t room = count - static_cast<int64_t>(labels.size());
    const int64_t run = std::min(room, random.Int(1, longest_run));
    labels.insert(labels.end(), static_cast<size_t>(run),
                  static_cast<uint8_t>(random.Int(classes)));
  }
  return labels;
}

std::vector<int64_t> Naive(const Labels& truth, const Labels& prediction, int classes, int ignore) {
  std::vector<int64_t> counts(static_cast<size_t>(classes) * classes, 0);
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] != ignore) ++counts[truth[i] * classes + prediction[i]];
  }
  return counts;
}

TEST(ConfusionMatrix, CountsTruthInRowsAndPredictionsInColumns) {
  ConfusionMatrix matrix(3);
  Add(matrix, {0, 0, 1, 2, 255}, {0, 1, 1, 0, 2}, 255);
  Add(matrix, {0}, {1}, 255);
  EXPECT_THAT(matrix.counts(), ElementsAre(1, 2, 0, 0, 1, 0, 1, 0, 0));
  EXPECT_EQ(matrix.At(0, 1), 2);
  EXPECT_EQ(matrix.TruthTotal(0), 3);
  EXPECT_EQ(matrix.PredictionTotal(0), 2);
  EXPECT_EQ(matrix.Total(), 5);
}

TEST(ConfusionMatrix, AgreesWithCountingOneByOne) {
  RandomStream random(1);
  for (const int classes : {1, 2, 21, 59, 150, 255}) {
    for (const int64_t count : {0, 1, 15, 16, 17, 100, 5000}) {
      for (const int64_t longest_run : {1, 5, 100}) {
        for (const int ignore : {-1, 0, 255}) {
          Labels truth = RandomLabels(count, classes, longest_run, random);
          const Labels prediction = RandomLabels(count, classes, longest_run, random);
          if (ignore == 255 && count > 10) std::fill(truth.begin() + 3, truth.begin() + 9, 255);
          ConfusionMatrix matrix(classes);
          Add(matrix, truth, prediction, ignore);
          ASSERT_EQ(matrix.counts(), Naive(truth, prediction, classes, ignore))
              << classes << " classes, " << count << " pixels, ignore " << ignore;
        }
      }
    }
  }
}

TEST(ConfusionMatrix, IgnoresAnyLabelAndWhateverWasPredictedThere) {
  for (const int ignore : {0, 1, 2, 100, 255}) {
    const auto label = static_cast<uint8_t>(ignore);
    ConfusionMatrix matrix(2);
    Add(matrix, {label, label, label}, {0, 200, 255}, ignore);
    EXPECT_EQ(matrix.Total(), 0) << ignore;
  }
  ConfusionMatrix matrix(3);
  Add(matrix, {0, 1, 2}, {1, 1, 0}, 1);
  EXPECT_THAT(matrix.counts(), ElementsAre(0, 1, 0, 0, 0, 0, 1, 0, 0));
}

TEST(ConfusionMatrix, NamesALabelThatIsNoClass) {
  // In a mixed block, in a uniform block and in the rest behind the last block.
  for (const size_t at : {size_t{5}, size_t{20}, size_t{99}}) {
    Labels good(100, 1), bad(100, 1);
    good[6] = bad[6] = 0;
    bad[at] = 21;
    ConfusionMatrix matrix(21);
    Add(matrix, good, good, 255);
    EXPECT_THAT([&] { Add(matrix, bad, good, 255); },
                ThrowsMessage<Error>(StartsWith(
                    StrCat("a.png: truth must be a class from 0 to 20 or the ignore label 255, "
                           "found 21 at pixel ",
                           at, ";"))));
    EXPECT_THAT(
        [&] { Add(matrix, good, bad, 255); },
        ThrowsMessage<Error>(StartsWith(StrCat(
            "a.png: prediction must be a class from 0 to 20, found 21 at pixel ", at, ";"))));
    EXPECT_EQ(matrix.counts(), Naive(good, good, 21, 255)) << "an error leaves the matrix alone";
    // What the failed calls counted must not show up later.
    ConfusionMatrix next(22);
    Add(next, good, good, 255);
    EXPECT_EQ(next.counts(), Naive(good, good, 22, 255));
  }
}

TEST(ConfusionMatrix, TakesEveryLabelSeriouslyWithoutAnIgnoreLabel) {
  ConfusionMatrix matrix(21);
  EXPECT_THAT(
      [&] {
        Add(matrix, {0, 255}, {0, 0}, -1);
      },
      ThrowsMessage<Error>(HasSubstr("must be a class from 0 to 20, found 255 at pixel 1")));
  EXPECT_THAT([&] { Add(matrix, Labels(64, 255), Labels(64, 0), -1); }, testing::Throws<Error>());
  EXPECT_THAT([&] { Add(matrix, Labels(64, 254), Labels(64, 0), 255); },
              ThrowsMessage<Error>(HasSubstr("found 254 at pixel 0")));
}

TEST(ConfusionMatrix, MergesPartsToTheWhole) {
  RandomStream random(2);
  const Labels truth = RandomLabels(3000, 7, 20, random);
  const Labels prediction = RandomLabels(3000, 7, 20, random);
  ConfusionMatrix whole(7), first(7), second(7);
  Add(whole, truth, prediction, 3);
  first.Add(truth.data(), prediction.data(), 1001, 3, "");
  second.Add(truth.data() + 1001, prediction.data() + 1001, 1999, 3, "");
  first.Merge(second);
  EXPECT_EQ(first.counts(), whole.counts());
  EXPECT_THROW(first.Merge(ConfusionMatrix(6)), std::logic_error);
}

TEST(ConfusionMatrix, CountsInSeveralThreads) {
  RandomStream random(3);
  const Labels truth = RandomLabels(20000, 5, 30, random);
  const Labels prediction = RandomLabels(20000, 5, 30, random);
  std::vector<ConfusionMatrix> parts(4, ConfusionMatrix(5));
  std::vector<std::thread> threads;
  for (ConfusionMatrix& part : parts) {
    threads.emplace_back([&] { Add(part, truth, prediction, 255); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const ConfusionMatrix& part : parts) {
    EXPECT_EQ(part.counts(), Naive(truth, prediction, 5, 255));
  }
}

TEST(ConfusionMatrix, HoldsMoreThan32Bits) {
  ConfusionMatrix matrix(2);
  matrix.Set(0, 0, int64_t{1} << 40);
  Add(matrix, Labels(100, 0), Labels(100, 0), 255);
  EXPECT_EQ(matrix.Total(), (int64_t{1} << 40) + 100);
}

TEST(ConfusionMatrix, RefusesImpossibleNumbersOfClasses) {
  EXPECT_THROW(ConfusionMatrix(0), Error);
  EXPECT_THROW(ConfusionMatrix(256), Error);
}

}  // namespace
}  // namespace seglab
