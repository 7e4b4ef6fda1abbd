#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct feature_node;  // liblinear's: int index, double value

namespace seglab {

/// Somebody's features, a row of `columns` values for each region, one row behind the other.
struct FeatureView {
  const float* data = nullptr;
  int64_t rows = 0, columns = 0;

  std::span<const float> Row(int64_t row) const {
    return {data + row * columns, static_cast<size_t>(columns)};
  }
};

/// Rows in the form in which liblinear solves: what is not zero, as pairs of index and double, and
/// the constant that the bias is the weight of. A row takes 16 bytes for each value that is not
/// zero and 32 more; half or more of what stands behind a rectifier is zero. Rows stay where they
/// are while others come and go, and any number of classes can be trained on the same ones.
class SolverRows {
 public:
  /// @param dimension        values of a row, 1 to 2^31 - 2
  /// @param bias_multiplier  the constant beside each row (liblinear's -B); 0: no bias
  /// @param scale            what each value is multiplied by
  /// @throws Error when one is out of its range
  SolverRows(int64_t dimension, double bias_multiplier, double scale = 1);
  ~SolverRows();
  SolverRows(const SolverRows&) = delete;
  SolverRows& operator=(const SolverRows&) = delete;

  /// Copies a row of `dimension` values. Returns its slot, that of a removed row where one is free.
  /// @throws Error at a value that is not finite
  int64_t Add(std::span<const float> row);
  void Remove(int64_t slot);

  /// w . (scale row) + bias, in double.
  double Score(int64_t slot, std::span<const float> weights, double bias) const;

  int64_t dimension() const { return dimension_; }
  double bias_multiplier() const { return bias_multiplier_; }
  double scale() const { return scale_; }
  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }            ///< of all rows
  int64_t peak_bytes() const { return peak_bytes_; }  ///< the most that bytes() has been

  /// For liblinear: the row's pairs; the last index is -1.
  feature_node* Nodes(int64_t slot) const;

 private:
  int64_t dimension_;
  double bias_multiplier_, scale_;
  std::vector<std::unique_ptr<feature_node[]>> nodes_;  // of each slot; null: free
  std::vector<int64_t> free_;
  int64_t rows_ = 0, bytes_ = 0, peak_bytes_ = 0;
};

}  // namespace seglab
