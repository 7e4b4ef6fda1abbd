#include "data/noise.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace seglab {
namespace {

constexpr int kQuantiles = 1 << 16;
constexpr int kQuantileBits = 12;  ///< a quantile is in 4096ths of the standard deviation
constexpr int kSigmaBits = 8;      ///< which is in 256ths of a grey value

/// The quantiles (i + 1/2) / 65536 of the normal distribution.
std::vector<int16_t> NormalQuantiles() {
  std::vector<int16_t> quantiles(kQuantiles);
  double x = 0;
  for (int i = kQuantiles / 2; i < kQuantiles; ++i) {
    const double upper = 1 - (i + 0.5) / kQuantiles;  // probability above x
    // Newton's method from the last quantile. The density falls, so it comes from below.
    for (int step = 0; step < 50; ++step) {
      const double density = std::exp(-0.5 * x * x) / std::sqrt(2 * CV_PI);
      const double change = (0.5 * std::erfc(x / std::sqrt(2.0)) - upper) / density;
      x += change;
      if (std::abs(change) < 1e-12) break;
    }
    quantiles[i] = static_cast<int16_t>(std::lround(x * (1 << kQuantileBits)));
    quantiles[kQuantiles - 1 - i] = static_cast<int16_t>(-quantiles[i]);
  }
  return quantiles;
}

/// 16 bits at a time of a stream.
class ShortNumbers {
 public:
  explicit ShortNumbers(RandomStream& random) : random_(random) {}

  unsigned Next() {
    if (left_ == 0) {
      bits_ = random_.Next();
      left_ = 4;
    }
    const auto number = static_cast<unsigned>(bits_ & 0xffff);
    bits_ >>= 16;
    --left_;
    return number;
  }

 private:
  RandomStream& random_;
  uint64_t bits_ = 0;
  int left_ = 0;
};

}  // namespace

cv::Mat Noisy(const cv::Mat& image, double sigma, bool grey, RandomStream& random) {
  CV_Assert(image.type() == CV_8UC3);
  static const std::vector<int16_t> quantiles = NormalQuantiles();
  constexpr int kBits = kQuantileBits + kSigmaBits;
  // 255 * 256 times 4.3 * 4096 and a grey value more stay below 2^31.
  const int scale = static_cast<int>(std::lround(sigma * (1 << kSigmaBits)));
  ShortNumbers numbers(random);
  const auto noise = [&] { return scale * quantiles[numbers.Next()]; };
  const auto sum = [](int value, int added) {
    const int rounded = ((value << kBits) + added + (1 << (kBits - 1))) >> kBits;
    return static_cast<uint8_t>(std::clamp(rounded, 0, 255));
  };
  cv::Mat result(image.size(), CV_8UC3);
  for (int y = 0; y < image.rows; ++y) {
    const uint8_t* in = image.ptr(y);
    uint8_t* out = result.ptr(y);
    for (int i = 0; i < 3 * image.cols;) {
      int added = noise();
      for (int c = 0; c < 3; ++c, ++i) {
        if (c > 0 && !grey) added = noise();
        out[i] = sum(in[i], added);
      }
    }
  }
  return result;
}

}  // namespace seglab
