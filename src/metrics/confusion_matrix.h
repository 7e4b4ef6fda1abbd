#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace seglab {

/// The one matrix on which all scores stand: n(i, j) = number of pixels of true class i that were
/// predicted as class j, int64, summed over a whole data set (never averaged per image).
class ConfusionMatrix {
 public:
  /// @param classes  1..255
  explicit ConfusionMatrix(int classes);

  /// Counts `count` pixels. Pixels whose truth is `ignore` are skipped.
  /// @param where  names the image in the error
  /// @throws Error when a truth that is not `ignore`, or a prediction at a counted pixel, is not
  /// below classes()
  void Add(const uint8_t* truth, const uint8_t* prediction, int64_t count, int ignore,
           const std::string& where);

  void Merge(const ConfusionMatrix& other);

  int classes() const { return classes_; }
  int64_t At(int truth, int prediction) const { return counts_[truth * classes_ + prediction]; }
  void Set(int truth, int prediction, int64_t count) {
    counts_[truth * classes_ + prediction] = count;
  }
  int64_t TruthTotal(int i) const;       ///< t_i, pixels of true class i
  int64_t PredictionTotal(int j) const;  ///< pixels predicted as class j
  int64_t Total() const;
  const std::vector<int64_t>& counts() const { return counts_; }  ///< row-major, rows = truth

 private:
  int classes_;
  std::vector<int64_t> counts_;
};

}  // namespace seglab
