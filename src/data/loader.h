#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/prefetch.h"
#include "data/dataset.h"
#include "data/transforms.h"

namespace seglab {

/// Samples side by side. Images of different sizes are padded at the right and the bottom with
/// `fill` and kIgnoreLabel to the largest height and width.
struct Batch {
  at::Tensor image;  ///< (N, H, W, 3) uint8, R G B
  at::Tensor label;  ///< (N, H, W) uint8 label maps, or (N) int64 categories
  Task task = Task::kSegmentation;
  std::vector<std::string> names;
  std::vector<std::array<int, 2>> sizes;  ///< height, width of each before batch padding
};

struct LoaderOptions {
  int batch = 1;        ///< samples per batch
  int threads = 1;      ///< worker threads; 0 = read in the calling thread; -1 = as many as cores
  bool shuffle = true;  ///< a new order each epoch; false: 0, 1, 2, ...
  uint64_t seed = 0;    ///< of order and transforms
  Color fill = {0, 0, 0};
  /// Of `shares` processes that divide each batch this one takes the samples of number `share`.
  int share = 0, shares = 1;
  bool pin = false;  ///< batches lie in memory from which a GPU copies while it computes
};

/// An endless (shuffle or not) or finite sequence of batches. Sample k of the whole sequence is
/// element k mod n of epoch k / n, so any place is reached without reading what lies before it, and
/// the batches do not depend on the number of threads. Batches run over the end of an epoch.
class Loader {
 public:
  /// @param first  number of the first batch to give
  /// @param last   one past the last; -1: endless
  Loader(std::shared_ptr<const Dataset> dataset, std::vector<Transform> transforms,
         const LoaderOptions& options, int64_t first = 0, int64_t last = -1);

  /// One pass over the data set in its own order, the last batch smaller: for evaluation. Of
  /// several shares each takes every so-manieth sample.
  static Loader OnePass(std::shared_ptr<const Dataset> dataset, std::vector<Transform> transforms,
                        LoaderOptions options);

  /// The next batch; std::nullopt at the end. @throws what reading a sample throws, in order
  std::optional<Batch> Next();

  /// Seconds that Next() has waited for data so far.
  double WaitSeconds() const { return wait_seconds_; }

 private:
  Loader() = default;
  std::unique_ptr<OrderedPrefetch<Batch>> prefetch_;
  double wait_seconds_ = 0;
};

/// Which samples make up batch `batch_index`: pairs (epoch, index).
struct SampleKey {
  int64_t epoch;
  int64_t index;
};
/// The part of a batch that one of several processes takes: [first, last) of `batch` samples, as
/// even as can be.
struct BatchPart {
  int first, last;
};
BatchPart PartOf(int batch, int share, int shares);

std::vector<SampleKey> BatchKeys(int64_t size, int64_t batch_index, int batch, bool shuffle,
                                 uint64_t seed);

}  // namespace seglab
