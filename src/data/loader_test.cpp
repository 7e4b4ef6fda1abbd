#include "data/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <numeric>
#include <opencv2/core.hpp>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"

namespace seglab {
namespace {

using testing::HasSubstr;

/// Samples in memory: number i is a picture of value i with label i % 5, named "i". Sides differ
/// from sample to sample unless `same_size`.
class Numbers : public Dataset {
 public:
  struct Options {
    bool same_size = false;
    bool classification = false;
    int64_t broken = -1;  ///< this sample cannot be read
  };
  Numbers(int64_t size, const Options& options) : size_(size), options_(options) {}

  int64_t Size() const override { return size_; }
  std::string Name(int64_t index) const override { return std::to_string(index); }
  const LabelSet& Labels() const override { return labels_; }
  Task GetTask() const override {
    return options_.classification ? Task::kClassification : Task::kSegmentation;
  }

  static int Height(int64_t index) { return 3 + static_cast<int>(index % 3); }
  static int Width(int64_t index) { return 4 + static_cast<int>(index % 4); }

  Sample Get(int64_t index) const override {
    if (index == options_.broken) throw Error("sample ", index, ": cannot be read");
    const int height = options_.same_size ? 4 : Height(index);
    const int width = options_.same_size ? 6 : Width(index);
    const double value = static_cast<double>(index);
    Sample sample;
    sample.image = cv::Mat(height, width, CV_8UC3, cv::Scalar(value, value + 50, value + 100));
    if (options_.classification) {
      sample.truth = Category{static_cast<int>(index % 5)};
    } else {
      sample.truth.LabelMap() =
          cv::Mat(height, width, CV_8UC1, cv::Scalar(static_cast<double>(index % 5)));
    }
    sample.name = Name(index);
    return sample;
  }

 private:
  int64_t size_;
  Options options_;
  LabelSet labels_;
};

std::shared_ptr<const Dataset> MakeNumbers(int64_t size, const Numbers::Options& options = {}) {
  return std::make_shared<Numbers>(size, options);
}

std::shared_ptr<const Dataset> SameSize(int64_t size) {
  Numbers::Options options;
  options.same_size = true;
  return MakeNumbers(size, options);
}

/// Puts three random bytes into the first pixel: shows which random stream a sample got.
std::vector<Transform> RandomPixel() {
  return {[](Sample& sample, RandomStream& random) {
    cv::Vec3b& pixel = sample.image.at<cv::Vec3b>(0, 0);
    for (int c = 0; c < 3; ++c) pixel[c] = static_cast<uint8_t>(random.Int(256));
  }};
}

LoaderOptions Options(int batch, int threads, bool shuffle = true) {
  LoaderOptions options;
  options.batch = batch;
  options.threads = threads;
  options.shuffle = shuffle;
  options.seed = 11;
  options.fill = {9, 8, 7};
  return options;
}

/// Up to `count` batches.
std::vector<Batch> Take(Loader& loader, int count) {
  std::vector<Batch> batches;
  for (int i = 0; i < count; ++i) {
    std::optional<Batch> batch = loader.Next();
    if (!batch) break;
    batches.push_back(std::move(*batch));
  }
  return batches;
}

void ExpectEqual(const Batch& a, const Batch& b) {
  EXPECT_EQ(a.names, b.names);
  EXPECT_EQ(a.sizes, b.sizes);
  EXPECT_EQ(a.label.scalar_type(), b.label.scalar_type());
  EXPECT_TRUE(at::equal(a.image, b.image));
  EXPECT_TRUE(at::equal(a.label, b.label));
}

void ExpectEqual(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) ExpectEqual(a[i], b[i]);
}

TEST(LoaderTest, BatchesDoNotDependOnThreads) {
  Loader plain(MakeNumbers(10), RandomPixel(), Options(3, 0), 0, 12);
  const std::vector<Batch> expected = Take(plain, 100);
  ASSERT_EQ(expected.size(), 12u);
  for (int threads : {1, 4, 8, -1}) {
    Loader loader(MakeNumbers(10), RandomPixel(), Options(3, threads), 0, 12);
    ExpectEqual(Take(loader, 100), expected);
    EXPECT_FALSE(loader.Next().has_value());
  }
}

TEST(LoaderTest, SamplesAreTheKeysInOrder) {
  Loader loader(MakeNumbers(10), {}, Options(4, 2));
  for (int64_t number = 0; number < 8; ++number) {
    std::vector<std::string> expected;
    for (const SampleKey& key : BatchKeys(10, number, 4, true, 11)) {
      expected.push_back(std::to_string(key.index));
    }
    EXPECT_EQ(loader.Next()->names, expected) << number;
  }
}

TEST(LoaderTest, ResumesAnywhere) {
  Loader whole(MakeNumbers(10), RandomPixel(), Options(3, 0), 0, 9);
  const std::vector<Batch> all = Take(whole, 100);
  for (int64_t first = 0; first <= 9; ++first) {
    for (int threads : {0, 3}) {
      Loader rest(MakeNumbers(10), RandomPixel(), Options(3, threads), first, 9);
      ExpectEqual(Take(rest, 100), std::vector<Batch>(all.begin() + first, all.end()));
    }
  }
}

TEST(LoaderTest, FarAwayBatchesNeedNoReadingBefore) {
  const int64_t far = 1'000'000'000;
  Loader loader(MakeNumbers(10), {}, Options(3, 0), far);
  std::vector<std::string> expected;
  for (const SampleKey& key : BatchKeys(10, far, 3, true, 11))
    expected.push_back(std::to_string(key.index));
  EXPECT_EQ(loader.Next()->names, expected);
}

TEST(LoaderTest, EndlessLoaderStopsWhenItIsDropped) {
  Loader loader(MakeNumbers(3), RandomPixel(), Options(2, 4));
  EXPECT_EQ(Take(loader, 50).size(), 50u);
}

TEST(LoaderTest, SeedAndEpochChangeTheRandomNumbers) {
  auto first_pixels = [](uint64_t seed) {
    LoaderOptions options = Options(1, 0, /*shuffle=*/false);
    options.seed = seed;
    Loader loader(SameSize(8), RandomPixel(), options, 0, 16);
    std::set<std::vector<int>> pixels;
    for (const Batch& batch : Take(loader, 16)) {
      const uint8_t* p = batch.image.data_ptr<uint8_t>();
      pixels.insert(std::vector<int>{p[0], p[1], p[2]});
    }
    return pixels;
  };
  // 16 draws of 24 bits: two epochs of 8 samples, all different, and others for another seed.
  const auto a = first_pixels(1), b = first_pixels(2);
  EXPECT_EQ(a.size(), 16u);
  EXPECT_NE(a, b);
  EXPECT_EQ(a, first_pixels(1));
}

TEST(BatchKeysTest, EveryEpochIsAPermutation) {
  for (int batch : {1, 3, 10, 25}) {
    std::vector<std::vector<int64_t>> epochs(4);
    for (int64_t number = 0; epochs[3].size() < 10; ++number) {
      const std::vector<SampleKey> keys = BatchKeys(10, number, batch, true, 7);
      ASSERT_EQ(keys.size(), static_cast<size_t>(batch));
      for (const SampleKey& key : keys) {
        if (key.epoch < 4) epochs[key.epoch].push_back(key.index);
      }
    }
    std::set<std::vector<int64_t>> orders;
    for (std::vector<int64_t> order : epochs) {
      orders.insert(order);
      std::sort(order.begin(), order.end());
      std::vector<int64_t> identity(10);
      std::iota(identity.begin(), identity.end(), 0);
      EXPECT_EQ(order, identity) << "batches of " << batch;
    }
    EXPECT_EQ(orders.size(), 4u) << "every epoch has its own order";
  }
}

TEST(BatchKeysTest, OrderDoesNotDependOnTheBatch) {
  std::vector<int64_t> single, triple;
  for (int64_t number = 0; number < 30; ++number) {
    single.push_back(BatchKeys(10, number, 1, true, 7)[0].index);
  }
  for (int64_t number = 0; number < 10; ++number) {
    for (const SampleKey& key : BatchKeys(10, number, 3, true, 7)) triple.push_back(key.index);
  }
  EXPECT_EQ(single, triple);
  std::vector<int64_t> other;
  for (int64_t number = 0; number < 30; ++number) {
    other.push_back(BatchKeys(10, number, 1, true, 8)[0].index);
  }
  EXPECT_NE(single, other);
}

TEST(BatchKeysTest, WithoutShufflingTheOrderIsTheDataSets) {
  int64_t k = 0;
  for (int64_t number = 0; number < 7; ++number) {
    for (const SampleKey& key : BatchKeys(10, number, 4, false, 7)) {
      EXPECT_EQ(key.epoch, k / 10);
      EXPECT_EQ(key.index, k % 10);
      ++k;
    }
  }
  EXPECT_EQ(k, 28);
}

TEST(LoaderTest, ABatchMayBeLargerThanTheDataSet) {
  Loader loader(SameSize(3), {}, Options(7, 2, /*shuffle=*/false));
  const Batch batch = *loader.Next();
  EXPECT_THAT(batch.names, testing::ElementsAre("0", "1", "2", "0", "1", "2", "0"));
  EXPECT_EQ(batch.image.size(0), 7);
}

TEST(LoaderTest, OnePassGivesEverySampleOnce) {
  for (int threads : {0, 1, 4, 8}) {
    Loader loader = Loader::OnePass(MakeNumbers(10), {}, Options(4, threads));
    std::vector<std::string> names;
    std::vector<int64_t> counts;
    for (const Batch& batch : Take(loader, 100)) {
      counts.push_back(batch.image.size(0));
      EXPECT_EQ(batch.label.size(0), batch.image.size(0));
      names.insert(names.end(), batch.names.begin(), batch.names.end());
    }
    EXPECT_THAT(counts, testing::ElementsAre(4, 4, 2));
    EXPECT_THAT(names, testing::ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
    EXPECT_FALSE(loader.Next().has_value());
    EXPECT_FALSE(loader.Next().has_value());
  }
}

TEST(LoaderTest, OnePassOfOneBatch) {
  for (int batch : {10, 11, 1000}) {
    Loader loader = Loader::OnePass(SameSize(10), {}, Options(batch, 2));
    EXPECT_EQ(loader.Next()->image.size(0), 10);
    EXPECT_FALSE(loader.Next().has_value());
  }
}

TEST(LoaderTest, DifferentSizesArePaddedToTheLargest) {
  Loader loader = Loader::OnePass(MakeNumbers(12), {}, Options(12, 1));
  const Batch batch = *loader.Next();
  EXPECT_EQ(batch.image.scalar_type(), at::kByte);
  EXPECT_EQ(batch.label.scalar_type(), at::kByte);
  ASSERT_EQ(batch.image.sizes().vec(), (std::vector<int64_t>{12, 5, 7, 3}));
  ASSERT_EQ(batch.label.sizes().vec(), (std::vector<int64_t>{12, 5, 7}));
  const auto image = batch.image.accessor<uint8_t, 4>();
  const auto label = batch.label.accessor<uint8_t, 3>();
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(batch.sizes[i], (std::array<int, 2>{Numbers::Height(i), Numbers::Width(i)}));
    for (int y = 0; y < 5; ++y) {
      for (int x = 0; x < 7; ++x) {
        const bool inside = y < Numbers::Height(i) && x < Numbers::Width(i);
        EXPECT_EQ(label[i][y][x], inside ? i % 5 : 255) << i << " " << y << " " << x;
        for (int c = 0; c < 3; ++c) {
          EXPECT_EQ(image[i][y][x][c], inside ? i + 50 * c : 9 - c) << i << " " << y << " " << x;
        }
      }
    }
  }
}

TEST(LoaderTest, EqualSizesAreNotPadded) {
  Loader loader = Loader::OnePass(SameSize(4), {}, Options(4, 1));
  const Batch batch = *loader.Next();
  ASSERT_EQ(batch.image.sizes().vec(), (std::vector<int64_t>{4, 4, 6, 3}));
  EXPECT_EQ(batch.label.eq(255).sum().item<int64_t>(), 0);
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(
        at::equal(batch.image.select(0, i).select(2, 1), torch::full({4, 6}, i + 50, at::kByte)));
  }
}

TEST(LoaderTest, PartsOfALargerPictureAreCopiedRowByRow) {
  const std::vector<Transform> crop = {[](Sample& sample, RandomStream&) {
    for (int y = 0; y < sample.image.rows; ++y)
      sample.truth.LabelMap().at<uint8_t>(y, 2) = static_cast<uint8_t>(10 + y);
    const cv::Rect part(1, 1, 2, 3);
    sample.image = sample.image(part);
    sample.truth.LabelMap() = sample.truth.LabelMap()(part);
  }};
  Loader loader = Loader::OnePass(SameSize(2), crop, Options(2, 1));
  const Batch batch = *loader.Next();
  ASSERT_EQ(batch.label.sizes().vec(), (std::vector<int64_t>{2, 3, 2}));
  for (int i = 0; i < 2; ++i) {
    for (int y = 0; y < 3; ++y) {
      EXPECT_EQ(batch.label[i][y][0].item<int64_t>(), i % 5);
      EXPECT_EQ(batch.label[i][y][1].item<int64_t>(), 11 + y);
    }
  }
}

TEST(LoaderTest, ClassificationLabels) {
  Numbers::Options options;
  options.classification = true;
  for (int threads : {0, 4}) {
    Loader loader = Loader::OnePass(MakeNumbers(7, options), {}, Options(7, threads));
    const Batch batch = *loader.Next();
    EXPECT_EQ(batch.label.scalar_type(), at::kLong);
    EXPECT_TRUE(at::equal(batch.label, torch::tensor({0, 1, 2, 3, 4, 0, 1}, at::kLong)));
    EXPECT_EQ(batch.image.sizes().vec(), (std::vector<int64_t>{7, 5, 7, 3}));
  }
}

TEST(LoaderTest, ABrokenSampleIsNamedInItsTurn) {
  Numbers::Options options;
  options.broken = 5;
  for (int threads : {0, 1, 4, 8}) {
    Loader loader(MakeNumbers(10, options), {}, Options(2, threads, /*shuffle=*/false));
    for (int number = 0; number < 2; ++number) {
      EXPECT_THAT(loader.Next()->names,
                  testing::ElementsAre(std::to_string(2 * number), std::to_string(2 * number + 1)));
    }
    try {
      loader.Next();
      FAIL() << "no error with " << threads << " threads";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("sample 5: cannot be read"));
    }
  }
}

TEST(LoaderTest, NothingToLoadIsAnError) {
  EXPECT_THROW(Loader::OnePass(MakeNumbers(0), {}, Options(1, 0)), Error);
  EXPECT_THROW(Loader(MakeNumbers(0), {}, Options(1, 0)), Error);
  EXPECT_THROW(Loader::OnePass(MakeNumbers(3), {}, Options(0, 0)), Error);
  EXPECT_THROW(Loader(MakeNumbers(3), {}, Options(0, 0)), Error);
}

TEST(LoaderTest, WaitingIsMeasured) {
  const std::vector<Transform> slow = {
      [](Sample&, RandomStream&) { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }};
  Loader loader = Loader::OnePass(SameSize(3), slow, Options(1, 0));
  EXPECT_EQ(loader.WaitSeconds(), 0);
  Take(loader, 3);
  EXPECT_GE(loader.WaitSeconds(), 0.0059);
}

}  // namespace
}  // namespace seglab
