#include "data/warp.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <opencv2/core.hpp>
#include <vector>

namespace seglab {
namespace {

bool IsInside(int i, int length) {
  return static_cast<unsigned>(i) < static_cast<unsigned>(length);
}

/// The pixel of a side that stands for number `i`. With kFill only the neighbours of pixels that
/// are inside are asked for, where the outermost ones repeat.
int PixelFor(int i, int length, WarpBorder border) {
  if (IsInside(i, length)) return i;
  if (border == WarpBorder::kFill || length == 1) return std::clamp(i, 0, length - 1);
  const int period = 2 * (length - 1);
  const int at = std::abs(i) % period;
  return at < length ? at : period - at;
}

/// The pixel whose square the place falls into.
int NearestTo(int32_t place) {
  return (place + kPlacesPerPixel / 2) >> 8;  // rounds down below zero too
}

/// Whether a place with this border shows the fill.
bool IsFill(const Place& place, const cv::Size& size, WarpBorder border) {
  return border == WarpBorder::kFill &&
         !(IsInside(NearestTo(place.x), size.width) && IsInside(NearestTo(place.y), size.height));
}

void WarpImageRow(const cv::Mat& image, const std::vector<Place>& places, WarpBorder border,
                  const Color& fill, uint8_t* out) {
  static_assert(kPlacesPerPixel == 1 << 8);
  for (const Place& place : places) {
    if (IsFill(place, image.size(), border)) {
      out = std::copy(fill.begin(), fill.end(), out);
      continue;
    }
    const int left = place.x >> 8, top = place.y >> 8;
    const int right_weight = place.x & 255, bottom_weight = place.y & 255;
    const int x0 = 3 * PixelFor(left, image.cols, border);
    const int x1 = 3 * PixelFor(left + 1, image.cols, border);
    const uint8_t* upper = image.ptr(PixelFor(top, image.rows, border));
    const uint8_t* lower = image.ptr(PixelFor(top + 1, image.rows, border));
    for (int c = 0; c < 3; ++c) {
      const int above = (256 - right_weight) * upper[x0 + c] + right_weight * upper[x1 + c];
      const int below = (256 - right_weight) * lower[x0 + c] + right_weight * lower[x1 + c];
      const int value = (256 - bottom_weight) * above + bottom_weight * below;
      *out++ = static_cast<uint8_t>((value + (1 << 15)) >> 16);
    }
  }
}

void WarpLabelRow(const cv::Mat& label, const std::vector<Place>& places, WarpBorder border,
                  uint8_t* out) {
  for (const Place& place : places) {
    *out++ = IsFill(place, label.size(), border)
                 ? static_cast<uint8_t>(kIgnoreLabel)
                 : label.ptr(PixelFor(NearestTo(place.y), label.rows,
                                      border))[PixelFor(NearestTo(place.x), label.cols, border)];
  }
}

}  // namespace

void Warp(Sample& sample, const WarpRow& row, WarpBorder border, const Color& fill) {
  const cv::Mat image = sample.image;
  CV_Assert(image.type() == CV_8UC3 && !image.empty());
  const bool has_label = sample.truth.HasLabelMap();
  const cv::Mat label = has_label ? sample.truth.LabelMap() : cv::Mat();
  CV_Assert(!has_label || (label.type() == CV_8UC1 && label.size() == image.size()));
  cv::Mat new_image(image.size(), CV_8UC3), new_label;
  if (has_label) new_label.create(image.size(), CV_8UC1);
  std::vector<Place> places(static_cast<size_t>(image.cols));
  for (int y = 0; y < image.rows; ++y) {
    row(y, places.data());
    WarpImageRow(image, places, border, fill, new_image.ptr(y));
    if (has_label) WarpLabelRow(label, places, border, new_label.ptr(y));
  }
  sample.image = new_image;
  if (has_label) sample.truth.LabelMap() = new_label;
}

void Rotate(Sample& sample, double degrees, WarpBorder border, const Color& fill) {
  const int width = sample.image.cols;
  const double center_x = (width - 1) / 2.0, center_y = (sample.image.rows - 1) / 2.0;
  const double angle = degrees * CV_PI / 180;
  const double cosine = std::cos(angle), sine = std::sin(angle);
  const auto row = [=](int y, Place* places) {
    const double v = y - center_y;
    for (int x = 0; x < width; ++x) {
      const double u = x - center_x;
      places[x] = {PlaceOf(center_x + cosine * u - sine * v),
                   PlaceOf(center_y + sine * u + cosine * v)};
    }
  };
  Warp(sample, row, border, fill);
}

}  // namespace seglab
