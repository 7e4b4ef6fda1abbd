#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "models/seg_model.h"
#include "tensor/map_grid.h"

namespace seglab {

/// One network with shared weights on several sizes of its image, the cell-wise largest scores
/// taken: sections 3.2 and 4.1.2 of DeepLab v2 (L.-C. Chen, G. Papandreou, I. Kokkinos, K. Murphy,
/// A. Yuille, arXiv:1606.00915), whose released networks have the scales 0.5, 0.75 and 1. It has no
/// parameters, so weights go from and to a network of one scale.
///
/// An image of n pixels a side has at scale s floor((n - 1) s) + 1 of them, interpolated
/// bilinearly; pixel j of it lies exactly on pixel j / s of the image, so that the maps of all
/// scales keep to the pixels of the image (321 becomes 241 and 161).
struct MultiScaleOptions {
  std::vector<double> scales = {};  ///< 0.1..4, different ones, 1 among them; none: 1 alone

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "MultiScaleOptions") const;
};

/// What a network makes of an image: (N, 3, H, W) -> (N, classes, h, w).
using ScoreFunction = std::function<at::Tensor(const at::Tensor& image)>;

/// The scores of all scales.
///   logits    the largest ones, upsampled to the image
///   train_on  with `training`: the map of each scale, in the order of the options, each compared
///             with the labels at its cells' own places, and, where there are several, the map of
///             the largest ones, as in the released networks; else none
/// @param grid    where the cells of a map lie in the image it is made from
/// @param scores  called once for each scale, in the order of the options
SegOutput ScoresAtScales(const at::Tensor& image, const MultiScaleOptions& options,
                         const MapGrid& grid, bool training, const ScoreFunction& scores);

}  // namespace seglab
