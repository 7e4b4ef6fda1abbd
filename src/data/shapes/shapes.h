#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"

namespace seglab {

/// A procedural data set made on the fly: textured scenes with objects of all sizes, thin parts,
/// occlusion and, as in VOC, a void border around each object. Sample i of a split is a pure
/// function of (seed, split, i), the same on every machine.
struct ShapesOptions {
  std::string split = "train";  ///< train, val or test: disjoint streams
  int64_t size = 1000;          ///< number of samples
  int height = 128;             ///< pixels, 32..1024
  int width = 128;              ///< pixels, 32..1024
  uint64_t seed = 1;            ///< of the data, not of the training
  bool void_border = true;      ///< label the outlines kIgnoreLabel
  static ShapesOptions FromJson(const Json& json, const std::string& path);
};

const LabelSet& ShapesLabels();  ///< background and ten kinds of objects
std::shared_ptr<const Dataset> MakeShapes(const ShapesOptions& options);

/// The classification twin, which plays ImageNet's part: one object per picture, filling much of
/// it; the category is the object's class minus 1 (there is no background class).
struct ShapesClassesOptions {
  std::string split = "train";
  int64_t size = 1000;
  int side = 64;  ///< pixels of the square picture, 32..512
  uint64_t seed = 1;
  static ShapesClassesOptions FromJson(const Json& json, const std::string& path);
};
std::shared_ptr<const Dataset> MakeShapesClasses(const ShapesClassesOptions& options);

}  // namespace seglab
