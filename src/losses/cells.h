#pragma once

#include <ATen/core/Tensor.h>

#include <string>

// What several losses compute of the cells of a score map.
namespace seglab {

/// The logits in the type that losses are computed in: float32, or float64 where they are that.
at::Tensor WideLogits(const at::Tensor& logits);

/// The softmax cross-entropy of each cell.
/// @param logits  (N, C, ...)
/// @param label   (N, ...), uint8 or int64; 255 = void
/// @return of the label's shape, in WideLogits' type; 0 without gradient at void
at::Tensor CellCrossEntropy(const at::Tensor& logits, const at::Tensor& label);

/// Where the truth is each class: (N, classes, P) of (N, ...) with P cells an image, booleans.
at::Tensor CellsOfClasses(const at::Tensor& label, int64_t classes);

/// The number of images in which a cell counts: a scalar, double.
at::Tensor CountedImages(const at::Tensor& label);

/// @param label  (N, h, w), or (N) of a classification network
/// @param loss   whose cells of one image belong together
/// @throws Error where an image has one answer alone
void RefuseCategories(const at::Tensor& label, const std::string& loss);

}  // namespace seglab
