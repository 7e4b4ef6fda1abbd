#pragma once

#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

namespace seglab {

/// The colour spaces of R-CNN's proposals. All are 8 bit and use the range 0 to 255:
enum class ColorSpace {
  kHsv,        ///< hue (0 to 255 are 0 to 360 degrees), saturation, value
  kLab,        ///< CIE L*a*b*, D65: L 0 to 100 as 0 to 255, a and b plus 128
  kRgi,        ///< R / (R + G + B) and G / (R + G + B), 0 to 1 as 0 to 255 (black: 1/3 each), and
               ///< (R + G + B) / 3
  kHue,        ///< one channel: the hue of kHsv
  kIntensity,  ///< one channel: (R + G + B) / 3
};

/// A colour space and its name in options: "Hsv", "Lab", "RGI", "H", "Intensity".
struct ColorSpaceRow {
  ColorSpace space;
  std::string name;
};

/// All of them, in R-CNN's order.
const std::vector<ColorSpaceRow>& ColorSpaceRows();

/// @param rgb  CV_8UC3, R G B
/// @return CV_8UC1 or CV_8UC3 of the same size
cv::Mat ToColorSpace(const cv::Mat& rgb, ColorSpace space);

}  // namespace seglab
