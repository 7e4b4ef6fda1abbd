#pragma once

#include <array>
#include <cstdint>

#include "profile/op_record.h"

// What one operator costs and how it moves the receptive field.
//
// MACs are multiply-adds: of convolutions (output elements x kernel x input channels of a group),
// transposed convolutions (input elements x kernel x output channels of a group) and matrix
// products, and of gated recurrent units (cells of the sequence x weights). FLOPs are 2 per MAC,
// plus
//   a bias                      1 per output element
//   element by element          1 per output element (sums, products, activations)
//   batch norm at inference     2 per output element (scale and shift)
//   softmax                     3 per output element (exponential, sum, quotient)
//   pooling                     1 per element of each window, padding included
//   mean, sum, maximum          1 per input element
//   gates of a recurrent unit   11 per output element
//   interpolation               1 per source of an output element: bilinear 4, bicubic 16
// What moves, copies, pads or fills without arithmetic costs nothing.
namespace seglab {

enum class OpKind {
  kConvolution,
  kTransposedConvolution,
  kProduct,      ///< of matrices; fully connected layers
  kPool,         ///< windows of a given size
  kAverage,      ///< the same, averages
  kAdaptive,     ///< as many windows as asked for
  kReduction,    ///< over whole dimensions
  kElementwise,  ///< arithmetic that keeps places
  kUpsampling,   ///< a map of another size
  kRecurrent,    ///< over a whole dimension
  kMove,         ///< no arithmetic
  kUnknown,
};

OpKind KindOf(const RecordedOp& op);

struct Work {
  int64_t macs = 0, flops = 0;
};
Work WorkOf(const RecordedOp& op);

/// The window of an output cell, in cells of the input: rows, columns.
struct Window {
  std::array<int64_t, 2> size = {1, 1}, stride = {1, 1};
};
/// Of a convolution, a pool, or a reduction (whose window is what it reduces).
Window WindowOf(const RecordedOp& op);

/// Rows and columns of a map (N, C, H, W) or (C, D, H, W)...; 1 where there are none.
std::array<int64_t, 2> MapSize(const TensorUse& tensor);

/// The tensor at an argument, or nullptr.
const TensorUse* TensorAt(const RecordedOp& op, size_t argument);

}  // namespace seglab
