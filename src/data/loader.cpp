#include "data/loader.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <mutex>
#include <opencv2/core.hpp>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "tensor/runtime.h"

namespace seglab {
namespace {

// Order and transforms draw from unrelated streams of the same seed.
constexpr uint64_t kOrderSalt = 0x6f72646572;      // "order"
constexpr uint64_t kTransformSalt = 0x7472616e73;  // "trans"

/// The orders of the last few epochs, so that a batch does not shuffle a whole epoch anew.
class OrderCache {
 public:
  OrderCache(int64_t size, uint64_t seed) : size_(size), seed_(MixSeed(seed, kOrderSalt)) {}

  int64_t At(int64_t epoch, int64_t place) {
    std::lock_guard lock(mutex_);
    auto found = orders_.find(epoch);
    if (found == orders_.end()) {
      if (orders_.size() >= 4) orders_.erase(orders_.begin());
      found = orders_.emplace(epoch, RandomOrder(size_, seed_, epoch)).first;
    }
    return found->second[place];
  }

 private:
  int64_t size_;
  uint64_t seed_;
  std::mutex mutex_;
  std::map<int64_t, std::vector<int64_t>> orders_;
};

/// Writes an image or a label map into the top left corner of its slice of a batch.
void CopyRows(const cv::Mat& from, uint8_t* to, int64_t width) {
  const size_t pixel = from.elemSize();
  for (int y = 0; y < from.rows; ++y) {
    std::copy_n(from.ptr<uint8_t>(y), from.cols * pixel, to + y * width * pixel);
  }
}

Batch Collate(const std::vector<Sample>& samples, const Color& fill) {
  Batch batch;
  const int64_t n = static_cast<int64_t>(samples.size());
  int64_t height = 0, width = 0;
  for (const Sample& sample : samples) {
    height = std::max<int64_t>(height, sample.image.rows);
    width = std::max<int64_t>(width, sample.image.cols);
    batch.names.push_back(sample.name);
    batch.sizes.push_back({sample.image.rows, sample.image.cols});
  }
  batch.image = at::empty({n, height, width, 3}, at::kByte);
  const bool classification = !samples.front().truth.HasLabelMap();
  batch.task = classification ? Task::kClassification : Task::kSegmentation;
  batch.label =
      classification ? at::empty({n}, at::kLong) : at::empty({n, height, width}, at::kByte);
  for (int64_t i = 0; i < n; ++i) {
    const Sample& sample = samples[i];
    const bool smaller = sample.image.rows < height || sample.image.cols < width;
    uint8_t* image = batch.image.data_ptr<uint8_t>() + i * height * width * 3;
    if (smaller) {
      for (int64_t p = 0; p < height * width; ++p)
        std::copy(fill.begin(), fill.end(), image + 3 * p);
    }
    CopyRows(sample.image, image, width);
    if (classification) {
      batch.label.data_ptr<int64_t>()[i] = sample.truth.CategoryIndex();
      continue;
    }
    uint8_t* label = batch.label.data_ptr<uint8_t>() + i * height * width;
    if (smaller) std::fill_n(label, height * width, static_cast<uint8_t>(kIgnoreLabel));
    CopyRows(sample.truth.LabelMap(), label, width);
  }
  return batch;
}

Sample MakeSample(const Dataset& dataset, const std::vector<Transform>& transforms, uint64_t seed,
                  const SampleKey& key) {
  Sample sample = dataset.Get(key.index);
  RandomStream random(MixSeed(seed, kTransformSalt), key.epoch, key.index);
  for (const Transform& transform : transforms) transform(sample, random);
  return sample;
}

/// Calls `keys` with the number of a batch; what it returns is that batch.
std::unique_ptr<OrderedPrefetch<Batch>> MakePrefetch(
    std::shared_ptr<const Dataset> dataset, std::vector<Transform> transforms,
    const LoaderOptions& options, int64_t first, int64_t last,
    std::function<std::vector<SampleKey>(int64_t)> keys) {
  auto make = [dataset = std::move(dataset), transforms = std::move(transforms), options,
               keys = std::move(keys)](int64_t number) {
    std::vector<Sample> samples;
    for (const SampleKey& key : keys(number)) {
      samples.push_back(MakeSample(*dataset, transforms, options.seed, key));
    }
    Batch batch = Collate(samples, options.fill);
    if (options.pin) {
      batch.image = batch.image.pin_memory();
      batch.label = batch.label.pin_memory();
    }
    return batch;
  };
  const int threads = options.threads < 0 ? UsableCores() : options.threads;
  // One thread per worker: the workers are the parallelism.
  auto on_start = [] { cv::setNumThreads(0); };
  return std::make_unique<OrderedPrefetch<Batch>>(std::move(make), first, last, threads,
                                                  2 * std::max(threads, 1), on_start);
}

void CheckOptions(const Dataset& dataset, const LoaderOptions& options) {
  if (dataset.Size() < 1) throw Error("loader: the data set is empty");
  if (options.batch < 1)
    throw Error("loader: the batch must hold at least 1 sample, found ", options.batch);
  if (options.shuffle && options.batch < options.shares) {
    throw Error("a batch of ", options.batch, " cannot be shared by ", options.shares,
                " processes; start fewer, or let train.batch be larger");
  }
}

std::vector<SampleKey> KeysOf(int64_t size, int64_t batch_index, int batch, const BatchPart& part,
                              const std::function<int64_t(int64_t epoch, int64_t place)>& order) {
  std::vector<SampleKey> keys;
  for (int64_t k = batch_index * batch + part.first; k < batch_index * batch + part.last; ++k) {
    keys.push_back({k / size, order(k / size, k % size)});
  }
  return keys;
}

}  // namespace

BatchPart PartOf(int batch, int share, int shares) {
  return {static_cast<int>(int64_t{batch} * share / shares),
          static_cast<int>(int64_t{batch} * (share + 1) / shares)};
}

std::vector<SampleKey> BatchKeys(int64_t size, int64_t batch_index, int batch, bool shuffle,
                                 uint64_t seed) {
  OrderCache cache(size, seed);
  return KeysOf(size, batch_index, batch, {0, batch}, [&](int64_t epoch, int64_t place) {
    return shuffle ? cache.At(epoch, place) : place;
  });
}

Loader::Loader(std::shared_ptr<const Dataset> dataset, std::vector<Transform> transforms,
               const LoaderOptions& options, int64_t first, int64_t last) {
  CheckOptions(*dataset, options);
  const int64_t size = dataset->Size();
  auto cache = std::make_shared<OrderCache>(size, options.seed);
  const BatchPart part = PartOf(options.batch, options.share, options.shares);
  auto keys = [cache, size, options, part](int64_t number) {
    return KeysOf(size, number, options.batch, part, [&](int64_t epoch, int64_t place) {
      return options.shuffle ? cache->At(epoch, place) : place;
    });
  };
  if (last < 0) last = std::numeric_limits<int64_t>::max() / options.batch;
  prefetch_ = MakePrefetch(std::move(dataset), std::move(transforms), options, first, last, keys);
}

Loader Loader::OnePass(std::shared_ptr<const Dataset> dataset, std::vector<Transform> transforms,
                       LoaderOptions options) {
  options.shuffle = false;
  CheckOptions(*dataset, options);
  const int64_t size = dataset->Size();
  // Of several processes each takes every so-manieth sample.
  const int64_t share = options.share, shares = options.shares;
  const int64_t own = (size - share + shares - 1) / shares;
  auto keys = [own, share, shares, batch = options.batch](int64_t number) {
    std::vector<SampleKey> keys;
    for (int64_t k = number * batch; k < std::min(own, (number + 1) * batch); ++k)
      keys.push_back({0, share + k * shares});
    return keys;
  };
  Loader loader;
  const int64_t last = (own + options.batch - 1) / options.batch;
  loader.prefetch_ =
      MakePrefetch(std::move(dataset), std::move(transforms), options, 0, last, std::move(keys));
  return loader;
}

std::optional<Batch> Loader::Next() {
  const double start = Seconds();
  std::optional<Batch> batch = prefetch_->Next();
  wait_seconds_ += Seconds() - start;
  return batch;
}

}  // namespace seglab
