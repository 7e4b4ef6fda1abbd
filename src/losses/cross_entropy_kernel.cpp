#include "losses/cross_entropy_kernel.h"

#include <algorithm>
#include <cmath>

// Vectors whose length is known at compile time only.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "losses/cross_entropy_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// Behind Highway's own.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace seglab::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kBlock = kScoreBlock;
constexpr uint8_t kVoid = 255;

double CrossEntropyRow(const ScoreRow& row, const uint8_t* labels, const float* weights,
                       const ScoreRowGradient* gradient, float* room) {
  const hn::CappedTag<float, 16> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const auto low = hn::Set(tag, row.low), high = hn::Set(tag, row.high);
  float log_sums[kBlock], sums[kBlock], factors[kBlock];
  double loss = 0;
  for (int64_t begin = 0; begin < row.width; begin += kBlock) {
    const int64_t count = std::min(kBlock, row.width - begin);
    for (int64_t x = 0; x < count; x += lanes) {
      auto largest = hn::Set(tag, -INFINITY), sum = hn::Zero(tag);
      for (int64_t c = 0; c < row.classes; ++c) {
        const int64_t at = c * row.step + begin + x;
        const auto score = hn::MulAdd(high, hn::LoadU(tag, row.lower + at),
                                      hn::Mul(low, hn::LoadU(tag, row.upper + at)));
        hn::StoreU(score, tag, room + c * kBlock + x);
        largest = hn::Max(largest, score);
        sum = hn::MulAdd(score, hn::Zero(tag), sum);  // NaN where a score is not finite
      }
      for (int64_t c = 0; c < row.classes; ++c) {
        float* place = room + c * kBlock + x;
        const auto power = hn::Exp(tag, hn::Sub(hn::LoadU(tag, place), largest));
        hn::StoreU(power, tag, place);
        sum = hn::Add(sum, power);
      }
      hn::StoreU(sum, tag, sums + x);
      // Exp and Log make numbers of NaN.
      const auto log_sum = hn::MulAdd(sum, hn::Zero(tag), hn::Add(largest, hn::Log(tag, sum)));
      hn::StoreU(log_sum, tag, log_sums + x);
    }
    for (int64_t x = 0; x < kBlock; ++x) {
      const uint8_t label = x < count ? labels[begin + x] : kVoid;
      factors[x] = 0;
      if (label == kVoid) continue;
      const int64_t at = label * row.step + begin + x;
      const float weight = weights == nullptr ? 1 : weights[label];
      const float score = row.low * row.upper[at] + row.high * row.lower[at];
      loss += static_cast<double>(weight) * (log_sums[x] - score);
      factors[x] = weight;
      if (gradient == nullptr) continue;
      gradient->upper[at] -= weight * row.low;
      gradient->lower[at] -= weight * row.high;
    }
    if (gradient == nullptr) continue;
    for (int64_t x = 0; x < count; x += lanes) {
      const auto factor = hn::Div(hn::LoadU(tag, factors + x), hn::LoadU(tag, sums + x));
      const auto low_factor = hn::Mul(low, factor), high_factor = hn::Mul(high, factor);
      for (int64_t c = 0; c < row.classes; ++c) {
        const auto power = hn::LoadU(tag, room + c * kBlock + x);
        float* upper = gradient->upper + c * row.step + begin + x;
        float* lower = gradient->lower + c * row.step + begin + x;
        hn::StoreU(hn::MulAdd(low_factor, power, hn::LoadU(tag, upper)), tag, upper);
        hn::StoreU(hn::MulAdd(high_factor, power, hn::LoadU(tag, lower)), tag, lower);
      }
    }
  }
  return loss;
}

}  // namespace seglab::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seglab {

HWY_EXPORT(CrossEntropyRow);

double CrossEntropyRow(const ScoreRow& row, const uint8_t* labels, const float* weights,
                       const ScoreRowGradient* gradient, float* room) {
  return HWY_DYNAMIC_DISPATCH(CrossEntropyRow)(row, labels, weights, gradient, room);
}

}  // namespace seglab
#endif
