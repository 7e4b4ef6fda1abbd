#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

/// The region of an object in COCO's JSON.
struct CocoShape {
  std::vector<std::vector<float>> polygons;  ///< x, y, x, y, ... in pixels
  std::vector<uint32_t> runs;                ///< column by column: outside, inside, outside, ...
};

/// Reads "segmentation": polygons, {"counts": [...]} or {"counts": "compressed"}.
/// @throws Error "where: ..." on anything else
CocoShape CocoShapeOf(const Json& segmentation, const std::string& where);

/// Sets the pixels of the shape to `value`. @param map  CV_8UC1
void DrawCocoShape(const CocoShape& shape, uint8_t value, cv::Mat& map);

/// The run lengths of COCO's text: five bits a character from '0' on, each from the fourth on less
/// the one two before. @throws Error "where: ..." when it is cut off
std::vector<uint32_t> CocoRuns(const std::string& text, const std::string& where);

}  // namespace seglab
