#include "data/resample.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <opencv2/core.hpp>
#include <vector>

// Vectors whose length is known at compile time only.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "data/resample.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace seglab::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// out[3 x + c] = sum of weights[x][t] * row[3 (first[x] + t) + c]. Reads a byte behind the pixels
/// and writes a float behind the outputs.
void WeighColumns(const uint8_t* row, const int* first, const int* starts, const float* weights,
                  int width, float* out) {
  const hn::CappedTag<float, 4> number;  // R G B and one more, or each by itself
  const hn::Rebind<int32_t, decltype(number)> whole;
  const hn::Rebind<uint8_t, decltype(number)> byte;
  const int lanes = static_cast<int>(hn::Lanes(number));
  for (int x = 0; x < width; ++x) {
    for (int c = 0; c < 3; c += lanes) {
      const uint8_t* pixel = row + 3 * first[x] + c;
      auto sum = hn::Zero(number);
      for (int t = starts[x]; t < starts[x + 1]; ++t, pixel += 3) {
        const auto values = hn::ConvertTo(number, hn::PromoteTo(whole, hn::LoadU(byte, pixel)));
        sum = hn::MulAdd(values, hn::Set(number, weights[t]), sum);
      }
      hn::StoreU(sum, number, out + 3 * x + c);
    }
  }
}

/// out[i] = the sum of weights[t] * rows[t][i], rounded.
void WeighRows(const float* const* rows, const float* weights, int taps, int count, uint8_t* out) {
  const hn::CappedTag<float, 16> number;
  const hn::Rebind<uint8_t, decltype(number)> byte;
  const int lanes = static_cast<int>(hn::Lanes(number));
  int i = 0;
  for (; i + lanes <= count; i += lanes) {
    auto sum = hn::Mul(hn::LoadU(number, rows[0] + i), hn::Set(number, weights[0]));
    for (int t = 1; t < taps; ++t)
      sum = hn::MulAdd(hn::LoadU(number, rows[t] + i), hn::Set(number, weights[t]), sum);
    hn::StoreU(hn::DemoteTo(byte, hn::NearestInt(sum)), byte, out + i);
  }
  for (; i < count; ++i) {
    float sum = 0;
    for (int t = 0; t < taps; ++t) sum += rows[t][i] * weights[t];
    out[i] = static_cast<uint8_t>(std::clamp(std::lrint(sum), 0L, 255L));
  }
}

}  // namespace seglab::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seglab {
namespace {

HWY_EXPORT(WeighColumns);
HWY_EXPORT(WeighRows);

/// Of the pixels of a side, those that an output is made of: weights[starts[i]...] from first[i].
struct Taps {
  std::vector<int> first, starts = {0};
  std::vector<float> weights;
  int most = 0;  ///< weights of one output
};

/// @param begin, count  outputs wanted of a side that goes from `from` to `to` pixels
Taps TapsOf(int from, int to, int begin, int count, bool flipped) {
  Taps taps;
  const double step = static_cast<double>(from) / to;
  for (int i = 0; i < count; ++i) {
    const int place = flipped ? to - 1 - (begin + i) : begin + i;
    if (to >= from) {
      const double center = std::clamp((place + 0.5) * step - 0.5, 0.0, from - 1.0);
      const int left = std::min(static_cast<int>(center), from - 1);
      const auto right = static_cast<float>(center - left);
      taps.first.push_back(left);
      taps.weights.push_back(1 - right);
      if (right > 0) taps.weights.push_back(right);
    } else {
      // Whole numbers, so that a border between pixels is one.
      const int64_t low = int64_t{place} * from, high = low + from;
      const int64_t left = low / to, last = (high - 1) / to;
      taps.first.push_back(static_cast<int>(left));
      for (int64_t p = left; p <= last; ++p) {
        const int64_t covered = std::min(high, (p + 1) * to) - std::max(low, p * to);
        taps.weights.push_back(static_cast<float>(static_cast<double>(covered) / from));
      }
    }
    taps.starts.push_back(static_cast<int>(taps.weights.size()));
    taps.most = std::max(taps.most, taps.starts[i + 1] - taps.starts[i]);
  }
  return taps;
}

void CheckWindow(const cv::Mat& image, int type, const cv::Size& size, const cv::Rect& window) {
  CV_Assert(image.type() == type && !image.empty() && !window.empty());
  CV_Assert((window & cv::Rect({0, 0}, size)) == window);
}

/// For each pixel of a side of `to` pixels the pixel of a side of `from` pixels that its centre
/// falls on, in whole numbers: floor((i + 1/2) from / to).
std::vector<int> NearestPixels(int from, int to, int begin, int count, bool flipped) {
  std::vector<int> pixels(count);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t place = flipped ? to - 1 - (begin + i) : begin + i;
    pixels[i] = static_cast<int>((2 * place + 1) * from / (2 * int64_t{to}));
  }
  return pixels;
}

/// The window of an image that keeps its size.
cv::Mat Mirrored(const cv::Mat& image, const cv::Rect& window, bool flipped) {
  if (!flipped) return image(window);
  cv::Rect place = window;
  place.x = image.cols - window.x - window.width;
  cv::Mat out;
  cv::flip(image(place), out, 1);
  return out;
}

}  // namespace

cv::Mat ResampleWindow(const cv::Mat& rgb, const cv::Size& size, const cv::Rect& window,
                       bool flipped) {
  CheckWindow(rgb, CV_8UC3, size, window);
  if (size == rgb.size()) return Mirrored(rgb, window, flipped);
  const Taps columns = TapsOf(rgb.cols, size.width, window.x, window.width, flipped);
  const Taps rows = TapsOf(rgb.rows, size.height, window.y, window.height, false);
  // Rows of the image, weighed along their columns, as long as an output needs them.
  const size_t stride = size_t{3} * window.width + 1;
  std::vector<float> weighed(stride * rows.most);
  std::vector<uint8_t> last_row(size_t{3} * rgb.cols + 1, 0);
  std::memcpy(last_row.data(), rgb.ptr(rgb.rows - 1), size_t{3} * rgb.cols);
  std::vector<const float*> taken(rows.most);
  cv::Mat out(window.size(), CV_8UC3);
  int next = rows.first.front();
  for (int y = 0; y < window.height; ++y) {
    const int count = rows.starts[y + 1] - rows.starts[y];
    next = std::max(next, rows.first[y]);
    for (; next < rows.first[y] + count; ++next) {
      const uint8_t* row = next + 1 == rgb.rows ? last_row.data() : rgb.ptr(next);
      HWY_DYNAMIC_DISPATCH(WeighColumns)
      (row, columns.first.data(), columns.starts.data(), columns.weights.data(), window.width,
       &weighed[stride * (next % rows.most)]);
    }
    for (int t = 0; t < count; ++t) taken[t] = &weighed[stride * ((rows.first[y] + t) % rows.most)];
    HWY_DYNAMIC_DISPATCH(WeighRows)
    (taken.data(), &rows.weights[rows.starts[y]], count, 3 * window.width, out.ptr(y));
  }
  return out;
}

cv::Mat ResampleLabels(const cv::Mat& label, const cv::Size& size, const cv::Rect& window,
                       bool flipped) {
  CheckWindow(label, CV_8UC1, size, window);
  if (size == label.size()) return Mirrored(label, window, flipped);
  const std::vector<int> rows =
      NearestPixels(label.rows, size.height, window.y, window.height, false);
  const std::vector<int> columns =
      NearestPixels(label.cols, size.width, window.x, window.width, flipped);
  cv::Mat result(window.size(), CV_8UC1);
  for (int y = 0; y < window.height; ++y) {
    uint8_t* out = result.ptr(y);
    if (y > 0 && rows[y] == rows[y - 1]) {
      std::memcpy(out, result.ptr(y - 1), window.width);
      continue;
    }
    const uint8_t* in = label.ptr(rows[y]);
    for (int x = 0; x < window.width; ++x) out[x] = in[columns[x]];
  }
  return result;
}

}  // namespace seglab
#endif
