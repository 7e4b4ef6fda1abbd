#pragma once

#include <vector>

#include "losses/loss.h"

namespace seglab {

struct FocalOptions {
  double gamma = 2;                   ///< 0 ... 100; 0 = cross-entropy
  std::vector<double> class_weights;  ///< the paper's alpha; as those of CrossEntropyOptions

  /// @param classes  0 = not known
  static FocalOptions FromJson(JsonReader& reader, int classes);
  /// @throws Error on a value out of range
  void Check(int classes, const std::string& path = "loss") const;
};

/// Focal loss (Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, arXiv 1708.02002,
/// equation 5) of the softmax: -(1 - p)^gamma log p, p that of a cell's class. Cells that are right
/// already count little. The mean over the counted cells, weighted by class as cross-entropy's.
class Focal : public Loss {
 public:
  explicit Focal(FocalOptions options);
  using Loss::Sum;
  at::Tensor Sum(const at::Tensor& logits, const at::Tensor& label) const override;
  at::Tensor Divisor(const at::Tensor& label) const override;

 private:
  FocalOptions options_;
};

}  // namespace seglab
