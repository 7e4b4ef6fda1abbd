#include "metrics/confusion_matrix.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "base/error.h"

namespace seglab {
namespace {

/// Counts pairs (truth, prediction) of bytes, whatever their values, without a branch per pixel.
///
/// Neighbouring pixels are mostly equal; adding to one counter again and again waits for the store
/// before. Hence blocks of equal pixels are added as one, and in other blocks four neighbours go to
/// four tables. The tables are kept at zero between uses, so that an image costs the cells that are
/// asked for and not the clearing of a megabyte.
class PairCounter {
 public:
  PairCounter() : counters_(kTable * kTables, 0) {}

  /// @param count  at most 2^32 - 1 pixels between two clearings of all cells that these touch
  void Count(const uint8_t* truth, const uint8_t* prediction, int64_t count) {
    uint32_t* const counters = counters_.data();
    int64_t i = 0;
    for (; i + kBlock <= count; i += kBlock) {
      uint64_t t[2], p[2];
      std::memcpy(t, truth + i, kBlock);
      std::memcpy(p, prediction + i, kBlock);
      constexpr uint64_t kEachByte = 0x0101010101010101u;
      const uint64_t all_t = (t[0] & 0xff) * kEachByte, all_p = (p[0] & 0xff) * kEachByte;
      if (((t[0] ^ all_t) | (t[1] ^ all_t) | (p[0] ^ all_p) | (p[1] ^ all_p)) == 0) {
        counters[Cell(t[0] & 0xff, p[0] & 0xff)] += kBlock;
        continue;
      }
      uint16_t cells[kBlock];
      for (int k = 0; k < kBlock; ++k)
        cells[k] = static_cast<uint16_t>(Cell(truth[i + k], prediction[i + k]));
      for (int k = 0; k < kBlock; k += kTables) {
        ++counters[cells[k]];
        ++counters[kTable + cells[k + 1]];
        ++counters[2 * kTable + cells[k + 2]];
        ++counters[3 * kTable + cells[k + 3]];
      }
    }
    for (; i < count; ++i) ++counters[Cell(truth[i], prediction[i])];
  }

  /// The count of one pair, which starts anew at zero.
  int64_t Take(int truth, int prediction) {
    int64_t sum = 0;
    for (int table = 0; table < kTables; ++table) {
      uint32_t& counter = counters_[table * kTable + Cell(truth, prediction)];
      sum += counter;
      counter = 0;
    }
    return sum;
  }

  void Clear() { std::fill(counters_.begin(), counters_.end(), 0); }

 private:
  static unsigned Cell(unsigned truth, unsigned prediction) { return truth << 8 | prediction; }

  static constexpr int kTables = 4, kBlock = 16;
  // Four lines of the cache apart, so that the cells of one pair do not share a set.
  static constexpr size_t kTable = 65536 + 64;
  std::vector<uint32_t> counters_;
};

/// The slow way to the first pixel that has no place in the matrix.
[[noreturn]] void ReportInvalid(const uint8_t* truth, const uint8_t* prediction, int64_t count,
                                int classes, int ignore, const std::string& where) {
  for (int64_t i = 0; i < count; ++i) {
    if (truth[i] == ignore) continue;
    const bool bad_truth = truth[i] >= classes;
    if (!bad_truth && prediction[i] < classes) continue;
    throw Error(where, ": ", bad_truth ? "truth" : "prediction", " must be a class from 0 to ",
                classes - 1,
                bad_truth && ignore >= 0 ? StrCat(" or the ignore label ", ignore) : "", ", found ",
                int{bad_truth ? truth[i] : prediction[i]}, " at pixel ", i,
                "; check the label map, the number of classes and the ignore label");
  }
  throw std::logic_error("ConfusionMatrix::Add: the counts do not add up");
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(int classes) : classes_(classes) {
  if (classes < 1 || classes > 255) {
    throw Error("confusion matrix: the number of classes must be between 1 and 255, found ",
                classes);
  }
  counts_.assign(static_cast<size_t>(classes) * classes, 0);
}

void ConfusionMatrix::Add(const uint8_t* truth, const uint8_t* prediction, int64_t count,
                          int ignore, const std::string& where) {
  static thread_local PairCounter counter;
  constexpr int64_t kMost = std::numeric_limits<uint32_t>::max();
  for (int64_t part = 0; count > 0; truth += part, prediction += part, count -= part) {
    part = std::min(count, kMost);
    counter.Count(truth, prediction, part);
    std::vector<int64_t> sums = counts_;
    int64_t placed = 0;
    for (int t = 0; t < classes_; ++t) {
      if (t == ignore) continue;
      for (int p = 0; p < classes_; ++p) {
        const int64_t n = counter.Take(t, p);
        sums[t * classes_ + p] += n;
        placed += n;
      }
    }
    if (ignore >= 0 && ignore <= 255) {
      for (int p = 0; p < 256; ++p) placed += counter.Take(ignore, p);
    }
    if (placed != part) {
      counter.Clear();
      ReportInvalid(truth, prediction, part, classes_, ignore, where);
    }
    counts_.swap(sums);
  }
}

void ConfusionMatrix::Merge(const ConfusionMatrix& other) {
  if (other.classes_ != classes_) {
    throw std::logic_error(
        StrCat("ConfusionMatrix::Merge: ", classes_, " and ", other.classes_, " classes"));
  }
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
}

int64_t ConfusionMatrix::TruthTotal(int i) const {
  int64_t total = 0;
  for (int j = 0; j < classes_; ++j) total += At(i, j);
  return total;
}

int64_t ConfusionMatrix::PredictionTotal(int j) const {
  int64_t total = 0;
  for (int i = 0; i < classes_; ++i) total += At(i, j);
  return total;
}

int64_t ConfusionMatrix::Total() const {
  int64_t total = 0;
  for (const int64_t n : counts_) total += n;
  return total;
}

}  // namespace seglab
