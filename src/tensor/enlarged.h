#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "tensor/interpolation.h"

namespace seglab {

/// A map at a larger size than it was computed at. Its values come into being when someone asks for
/// them; whoever reads the map itself (the loss, arg-max) does without. Stands for its values where
/// a tensor is wanted.
class Enlarged {
 public:
  Enlarged() = default;
  /// As it is. Implicit: most maps are.
  Enlarged(at::Tensor values) : map_(std::move(values)) {}  // NOLINT(google-explicit-constructor)
  /// @param map  (N, C, h, w) of the sides that `to` is made for
  Enlarged(at::Tensor map, Interpolation to) : map_(std::move(map)), to_(std::move(to)) {}

  /// Computed once.
  const at::Tensor& Values() const;
  operator const at::Tensor&() const { return Values(); }  // NOLINT(google-explicit-constructor)

  /// Of the values, which this does not compute.
  std::vector<int64_t> sizes() const;
  int64_t size(int64_t dim) const { return sizes().at(dim); }
  int64_t dim() const { return map_.dim(); }

  /// Where the values have not been asked for: what they would be made of; else the values, and
  /// none.
  const at::Tensor& map() const { return map_; }
  const std::optional<Interpolation>& to() const { return to_; }

 private:
  mutable at::Tensor map_;
  mutable std::optional<Interpolation> to_;
};

}  // namespace seglab
