#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

/// Instead of numbers: weights that are counted from the training data (train/median_frequency.h).
inline constexpr char kMedianFrequency[] = "median_frequency";

/// Reads "class_weights", one number per class.
/// @param classes  0 = not known; kMedianFrequency is accepted then, and gives none
/// @return empty: all 1
/// @throws Error as CheckClassWeights, on another word, and on kMedianFrequency where the classes
/// are known: it should be numbers by then
std::vector<double> ReadClassWeights(JsonReader& reader, int classes);

/// @throws Error on weights that are negative, not finite or all 0, or not one per class
void CheckClassWeights(const std::vector<double>& weights, int classes, const std::string& path);

/// The weight of each cell's class.
/// @param label    any shape, uint8 or int64; 255 = void, whose weight is that of class 0
/// @param weights  one per class
/// @return of the label's shape and device, of `type`
at::Tensor WeightsOfCells(const at::Tensor& label, const std::vector<double>& weights,
                          at::ScalarType type);

/// The sum over the counted cells of their weights. @param weights  empty: all 1
/// @return a scalar, double
at::Tensor WeightOfCounted(const at::Tensor& label, const std::vector<double>& weights);

}  // namespace seglab
