#pragma once

#include <string>
#include <vector>

#include "losses/loss.h"

namespace seglab {

struct CrossEntropyOptions {
  /// "mean": over the counted cells (weighted by class when there are weights); "sum": FCN's
  /// unnormalised loss (SoftmaxWithLoss, normalize: false), of several passes their mean
  /// (iter_size).
  std::string reduction = "mean";
  std::vector<double> class_weights;  ///< one per class, 0 or more, not all 0; empty = all 1
  /// 0 ... 1: this share of a cell's truth is spread evenly over all classes (Szegedy et al. 2016,
  /// section 7; with class weights as in PyTorch).
  double label_smoothing = 0;

  /// @param classes  0 = not known
  static CrossEntropyOptions FromJson(JsonReader& reader, int classes);
  /// @throws Error on an unknown reduction, a label_smoothing out of range, weights that are
  /// negative, not finite or all 0, or not one per class
  void Check(int classes, const std::string& path = "loss") const;
};

/// Softmax cross-entropy over the classes of each cell.
class CrossEntropy : public Loss {
 public:
  explicit CrossEntropy(CrossEntropyOptions options);
  at::Tensor Sum(const at::Tensor& logits, const at::Tensor& label) const override;
  /// On the CPU row by row, gradient included: nothing of the enlarged size but the labels.
  at::Tensor Sum(const Enlarged& logits, const at::Tensor& label) const override;
  at::Tensor Divisor(const at::Tensor& label) const override;
  bool IsMean() const override { return options_.reduction == "mean"; }
  bool GuessIsLogOfClasses() const override {
    return options_.label_smoothing == 0 || options_.class_weights.empty();
  }

 private:
  CrossEntropyOptions options_;
};

}  // namespace seglab
