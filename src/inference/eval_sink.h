#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace seglab {

/// One image of an evaluation.
struct EvalItem {
  int64_t index;             ///< in the data set
  const std::string& name;   ///< of the sample
  const at::Tensor& image;   ///< (H, W, 3) uint8, R G B
  const at::Tensor& truth;   ///< (H, W) uint8, 255 = void; a scalar of a classification sample
  const at::Tensor& labels;  ///< of the truth's shape, uint8: what the network says
};

/// What an evaluation's images are handed to, one after the other in the data set's order. A sink
/// keeps no image: memory does not grow with the data set.
class EvalSink {
 public:
  virtual ~EvalSink() = default;
  virtual void Add(const EvalItem& item) = 0;
  /// Once, behind the last image; not when the evaluation was stopped.
  virtual void Finish() {}
};

}  // namespace seglab
