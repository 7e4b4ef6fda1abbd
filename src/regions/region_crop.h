#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <string>

#include "base/json.h"

namespace seglab {

/// The window that a network sees of a region (Girshick et al. 2014, appendix A: "warp").
struct CropOptions {
  int side = 227;    ///< pixels of the square that the box is warped to, 2 context + 1 to 4096
  int context = 16;  ///< of it at each edge, pixels: what surrounds the box

  /// @throws Error naming the member that is wrong
  static CropOptions FromJson(const Json& json, const std::string& path);
  Json ToJson() const;
  /// @throws Error when a member is out of its range
  void Check(const std::string& where = "CropOptions") const;
};

/// A region as it is cropped: where it is, and which pixels of its box belong to it.
struct RegionShape {
  cv::Rect box;  ///< pixels of the image, inside it
  cv::Mat mask;  ///< CV_8UC1 of the box's size, 0 outside the region; empty: the whole box
};

/// Warps a region's box with its surroundings to a square, whatever its aspect; pixels bilinear,
/// without smoothing, as R-CNN's code.
/// @param rgb     CV_8UC3
/// @param fill    what takes the place of pixels beyond the image
/// @param pixels  side x side x 3 values
/// @param valid   side x side values: 1 where a pixel of the image counts, 0 where it lies beyond
///                the image or, with `foreground`, outside the region's mask (R-CNN, section 5:
///                "fg"), which a network is to see as the mean, 0 behind its preprocessing
void CropRegion(const cv::Mat& rgb, const RegionShape& region, const CropOptions& options,
                const std::array<uint8_t, 3>& fill, bool foreground, uint8_t* pixels,
                uint8_t* valid);

}  // namespace seglab
