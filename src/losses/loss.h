#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "tensor/enlarged.h"

namespace seglab {

/// The label of cells that do not count.
inline constexpr int64_t kVoidCell = 255;

/// What training minimises: a sum over the counted cells (or the images) of a score map, and what
/// it is to be divided by; of a combination several of each, see Quotient. The divisor is a
/// function of the labels alone, so that a step of several passes or processes knows the one of its
/// whole batch before it computes the first gradient, and its loss is the mean over all of its
/// cells, however they are spread over passes.
class Loss {
 public:
  virtual ~Loss() = default;

  /// @param logits  (N, C, h, w), or (N, C) for classification; computed in float32 or wider
  /// @param label   (N, h, w) or (N), uint8 or int64; 255 is not counted
  /// @return a scalar of the computation's type; 0 with a zero gradient when no cell counts. Of a
  /// combination (terms), each times its weight.
  virtual at::Tensor Sum(const at::Tensor& logits, const at::Tensor& label) const = 0;

  /// The same; a loss may do without the enlarged logits.
  virtual at::Tensor Sum(const Enlarged& logits, const at::Tensor& label) const {
    return Sum(logits.Values(), label);
  }

  /// @param label  as above
  /// @return a scalar, double, 0 or more; 0 when no cell counts. Of a combination (terms).
  virtual at::Tensor Divisor(const at::Tensor& label) const = 0;

  /// False when the divisor does not grow with the cells: a batch's loss is a sum.
  virtual bool IsMean() const { return true; }

  /// Whether a cell costs ln(classes) where all classes have the same score, which is what a
  /// network that knows nothing pays.
  virtual bool GuessIsLogOfClasses() const { return false; }
};

/// The loss of all that was summed: each sum over its own divisor, 0 where that is 0, and of
/// several terms their sum.
/// @return a scalar
at::Tensor Quotient(const at::Tensor& sum, const at::Tensor& divisor);

/// The loss of one pass that is a whole batch: the sum over its divisor, 0 where that is 0.
at::Tensor MeanLoss(const Loss& loss, const at::Tensor& logits, const at::Tensor& label);

/// One row of the table of losses. The options are the members of its JSON object beside "name".
struct LossRow {
  std::string name;
  std::string summary;  ///< one line
  std::string source;   ///< paper, section
  std::shared_ptr<const Loss> (*make)(JsonReader& options, int classes);
};

const std::vector<LossRow>& LossRows();

/// Makes a loss from {"name": "cross_entropy", ...}; without a name it is cross_entropy, and a
/// plain string is short for {"name": string}.
/// @param classes  of the network; 0 = not known yet: what depends on it is not checked
/// @throws Error on an unknown name or key, or a value out of range
std::shared_ptr<const Loss> MakeLoss(const Json& spec, int classes, const std::string& path);

/// The same of an object that others read keys of as well, before.
std::shared_ptr<const Loss> MakeLoss(JsonReader& reader, int classes);

}  // namespace seglab
