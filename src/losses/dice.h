#pragma once

#include <string>

#include "losses/loss.h"

namespace seglab {

struct DiceOptions {
  double smooth = 1;                ///< cells, 0 ... 1e6; added to both sides of the fraction
  std::string classes = "present";  ///< those that occur in an image's truth, or "all"

  static DiceOptions FromJson(JsonReader& reader);
  /// @throws Error on a value out of range
  void Check(const std::string& path = "loss") const;
};

/// Soft Dice loss of each image and class (Milletari et al., "V-Net", 3DV 2016, arXiv 1606.04797,
/// section 3), p the softmax and g the truth of an image's counted cells:
///
///   1 - (2 sum p g + smooth) / (sum p + sum g + smooth)
///
/// The mean over the classes and then over the images in which a cell counts.
/// Deviation: the paper squares p and g of the denominator.
class Dice : public Loss {
 public:
  explicit Dice(DiceOptions options);
  using Loss::Sum;
  at::Tensor Sum(const at::Tensor& logits, const at::Tensor& label) const override;
  at::Tensor Divisor(const at::Tensor& label) const override;

 private:
  DiceOptions options_;
};

}  // namespace seglab
