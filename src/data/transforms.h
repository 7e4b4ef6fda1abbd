#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "data/dataset.h"

namespace seglab {

/// Changes an image together with its label map. Images are resampled bilinearly (area when they
/// shrink), labels only ever nearest; what is padded gets `fill` and kIgnoreLabel. The pixels that
/// a sample came with are never written to: a data set may share them.
using Transform = std::function<void(Sample& sample, RandomStream& random)>;

/// Makes a chain from JSON: [{"name": "random_scale", "min": 0.5, "max": 2.0}, {"name": "flip"},
/// ...].
///   resize        height, width                  exact size, aspect ratio may change
///   resize_short  side                           shorter side to `side`, aspect ratio kept
///   random_scale  min, max, step (0 = continuous)   both sides by one random factor;
///                 or values, a list to choose from
///   random_crop   height, width                  pads first where the image is smaller
///   center_crop   height, width                  likewise, around the centre
///   pad           height, width                  right and bottom, to at least this size
///   flip          probability (0.5)              left-right
///   rotate        degrees (10), border ("fill")  around the centre, uniform in [-degrees, degrees]
///   elastic       grid (3), sigma (10 pixels), border ("mirror"), probability (1); ElasticField
///   color_jitter  brightness, contrast, saturation, hue   torchvision's meaning and ranges
///   blur          min (0.1), max (2), probability (0.5)   Gaussian; the range of sigma, pixels
///   noise         max (10), grey (false), probability (0.5)   normal; standard deviation from 0 to
///                 `max` grey values; grey: one number a pixel, else one for each channel
///   cutout        holes (1), min (0.1), max (0.3), void (true)   see CutoutOptions
/// `border` is what rotate and elastic show of what lies beyond the edges, see WarpBorder.
/// Padding is always at the right and the bottom. Transforms also take classification samples,
/// whose label map is empty. Neighbouring changes of place and size, all down to flip, are done as
/// one: pixels are resampled once and only those that are left.
/// @param fill  color of padded pixels: the mean color of the model's preprocessing
/// @throws Error on an unknown name or key, or a value out of range
std::vector<Transform> MakeTransforms(const Json& list, const Color& fill, const std::string& path);

/// The names above, in that order.
const std::vector<std::string>& TransformNames();

}  // namespace seglab
