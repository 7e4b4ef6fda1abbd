#pragma once

#include <opencv2/core/mat.hpp>

#include "base/random.h"
#include "data/dataset.h"
#include "data/shapes/raster.h"

namespace seglab::shapes {

enum class Texture { kPlain, kStripes, kWaves, kChecks, kDots, kNoise, kBricks };

/// Two colors and the pattern that mixes them.
struct Paint {
  Color a = {0, 0, 0};
  Color b = {0, 0, 0};
  Texture texture = Texture::kPlain;
  int period_x = 16 * kPixel;  ///< pixel units
  int period_y = 16 * kPixel;  ///< pixel units
  int angle = 0;               ///< of the pattern, beside that of the object
  Point offset;                ///< where the pattern starts, 65536 to a period
  int shade_x = 0;    ///< brighter to the right by this per object size, 256 = twice as bright
  int shade_y = 0;    ///< brighter downwards likewise
  int opacity = 256;  ///< 0..256
};

/// Paints the covered pixels; pattern and shade move with `placement`.
void Fill(cv::Mat& image, const Coverage& coverage, const Paint& paint, const Placement& placement);

/// A pattern with random scale, direction and offset; strokes of `unit` (pixel units) and more.
void RandomizePattern(Paint& paint, Texture texture, int unit, RandomStream& random);

/// Any color; greys are not rare.
Color RandomColor(RandomStream& random);
/// A color of hue 0..1535 (red, yellow, green, cyan, blue, magenta at multiples of 256), saturation
/// and value 0..255.
Color FromHsv(int hue, int saturation, int value);
/// The color made brighter by `by` (darker when negative).
Color Brighter(const Color& color, int by);
/// Sum of the absolute differences, 0..765.
int Distance(const Color& a, const Color& b);

/// What a camera does: light that falls from one side, mild blur, noise.
void Photograph(cv::Mat& image, RandomStream& random);

}  // namespace seglab::shapes
