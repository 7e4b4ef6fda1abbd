#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "losses/loss.h"

namespace seglab {

/// Several losses at once: each one's mean times its weight, added up. Terms stay apart until they
/// are divided, since each has its own divisor.
class CombinedLoss : public Loss {
 public:
  struct Part {
    std::shared_ptr<const Loss> loss;
    double weight = 1;
  };
  /// @param parts  one or more, all of them means; weights of 0 or more
  explicit CombinedLoss(std::vector<Part> parts) : parts_(std::move(parts)) {}
  at::Tensor Sum(const at::Tensor& logits, const at::Tensor& label) const override;
  at::Tensor Sum(const Enlarged& logits, const at::Tensor& label) const override;
  at::Tensor Divisor(const at::Tensor& label) const override;

 private:
  template <typename Logits>
  at::Tensor SumOf(const Logits& logits, const at::Tensor& label) const;

  std::vector<Part> parts_;
};

/// Reads "losses": a list of names, or of objects with "weight" (1) beside a loss's own keys.
/// @throws Error on an empty list, weights that are all 0, a part that is a sum over cells, and
/// whatever MakeLoss throws
std::shared_ptr<const Loss> MakeCombined(JsonReader& reader, int classes);

}  // namespace seglab
