#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "profile/op_record.h"

// How far an image reaches through a network: receptive fields, strides, depths.
namespace seglab {

/// Along one axis, in pixels.
struct Reach {
  int64_t field = 1, field_with_pool = 1, stride = 1;
};

/// What is known of a tensor, by its memory: views are what they view.
struct Trace {
  bool from_image = false;
  bool from_parameter = false;  ///< and not from the image
  bool upsampled = false;       ///< the walk has ended
  bool whole_image = false;
  int64_t conv_layers = 0;
  std::array<Reach, 2> axes;

  /// Of what is made of this and the other: of each the larger figure.
  void Merge(const Trace& other);
  /// From what goes into an operator to what comes out.
  /// @param traces  by number of memory
  void Advance(const RecordedOp& op, const std::vector<Trace>& traces);

  /// The larger one of rows' and columns'.
  int64_t Field() const;
  int64_t FieldWithPool() const;
  int64_t Stride() const;
};

}  // namespace seglab
