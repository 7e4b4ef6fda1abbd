#pragma once

#include "losses/loss.h"

namespace seglab {

struct OhemOptions {
  double keep = 0.25;  ///< share of an image's counted cells, 1e-6 ... 1; rounded up to cells

  static OhemOptions FromJson(JsonReader& reader);
  /// @throws Error on a value out of range
  void Check(const std::string& path = "loss") const;
};

/// Online mining of hard examples: cross-entropy of those cells of each image that cost most, the
/// mean over them. Shrivastava et al. (CVPR 2016, arXiv 1604.03540) choose regions so, Wu et al.
/// 2016 (arXiv 1604.04339, "online bootstrapping") pixels.
/// Deviation: they keep a number; a share fits images and maps of any size.
class Ohem : public Loss {
 public:
  explicit Ohem(OhemOptions options);
  using Loss::Sum;
  at::Tensor Sum(const at::Tensor& logits, const at::Tensor& label) const override;
  at::Tensor Divisor(const at::Tensor& label) const override;
  bool GuessIsLogOfClasses() const override { return true; }

 private:
  /// Cells of each image that are taken: (N), int64.
  at::Tensor Taken(const at::Tensor& label) const;

  OhemOptions options_;
};

}  // namespace seglab
