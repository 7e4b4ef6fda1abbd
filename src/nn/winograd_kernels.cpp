#include "nn/winograd_kernels.h"

// Vectors whose length is known at compile time only.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/winograd_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace seglab::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, 16>;
using V = hn::Vec<Tag>;

/// B' d: the transform of six numbers.
HWY_INLINE void TransformSix(const V* d, V* t) {
  const Tag tag;
  const V two = hn::Set(tag, 2.0f), four = hn::Set(tag, 4.0f), five = hn::Set(tag, 5.0f);
  t[0] = hn::Add(hn::MulSub(four, d[0], hn::Mul(five, d[2])), d[4]);
  const V a = hn::NegMulAdd(four, d[2], d[4]), b = hn::NegMulAdd(four, d[1], d[3]);
  t[1] = hn::Add(a, b);
  t[2] = hn::Sub(a, b);
  const V c = hn::Sub(d[4], d[2]), e = hn::Mul(two, hn::Sub(d[3], d[1]));
  t[3] = hn::Add(c, e);
  t[4] = hn::Sub(c, e);
  t[5] = hn::Add(hn::MulSub(four, d[1], hn::Mul(five, d[3])), d[5]);
}

/// A' m: of six points four outputs.
HWY_INLINE void TransformToFour(const V* m, V* s) {
  const Tag tag;
  const V two = hn::Set(tag, 2.0f), four = hn::Set(tag, 4.0f), eight = hn::Set(tag, 8.0f);
  const V sum = hn::Add(m[1], m[2]), difference = hn::Sub(m[1], m[2]);
  const V sum2 = hn::Add(m[3], m[4]), difference2 = hn::Sub(m[3], m[4]);
  s[0] = hn::Add(hn::Add(m[0], sum), sum2);
  s[1] = hn::MulAdd(two, difference2, difference);
  s[2] = hn::MulAdd(four, sum2, sum);
  s[3] = hn::Add(hn::MulAdd(eight, difference2, difference), m[5]);
}

/// A g: of four gradients six points.
HWY_INLINE void TransformFour(const V* g, V* t) {
  const Tag tag;
  const V two = hn::Set(tag, 2.0f), four = hn::Set(tag, 4.0f), eight = hn::Set(tag, 8.0f);
  const V even = hn::Add(g[0], g[2]), odd = hn::Add(g[1], g[3]);
  const V even2 = hn::MulAdd(four, g[2], g[0]), odd2 = hn::MulAdd(eight, g[3], hn::Mul(two, g[1]));
  t[0] = g[0];
  t[1] = hn::Add(even, odd);
  t[2] = hn::Sub(even, odd);
  t[3] = hn::Add(even2, odd2);
  t[4] = hn::Sub(even2, odd2);
  t[5] = g[3];
}

/// The 36 points of kSide x kSide places: kTransform of the columns, then of the rows.
template <int kSide, void (*kTransform)(const V*, V*)>
HWY_INLINE void ToPoints(const float* const* places, int64_t channels, float* points,
                         int64_t stride) {
  const Tag tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  for (int64_t c = 0; c < channels; c += lanes) {
    V columns[kWinogradIn][kSide], d[kSide], t[kWinogradIn];
    for (int x = 0; x < kSide; ++x) {
      for (int y = 0; y < kSide; ++y) d[y] = hn::LoadU(tag, places[y * kSide + x] + c);
      kTransform(d, t);
      for (int y = 0; y < kWinogradIn; ++y) columns[y][x] = t[y];
    }
    for (int y = 0; y < kWinogradIn; ++y) {
      kTransform(columns[y], t);
      for (int x = 0; x < kWinogradIn; ++x)
        hn::StoreU(t[x], tag, points + (y * kWinogradIn + x) * stride + c);
    }
  }
}

void WinogradInput(const float* const* places, int64_t channels, float* points, int64_t stride) {
  ToPoints<kWinogradIn, TransformSix>(places, channels, points, stride);
}

void WinogradGradient(const float* const* places, int64_t channels, float* points, int64_t stride) {
  ToPoints<kWinogradOut, TransformFour>(places, channels, points, stride);
}

void WinogradOutput(const float* points, int64_t stride, int64_t channels, const float* bias,
                    float low, float high, float* const* places) {
  const Tag tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const V lowest = hn::Set(tag, low), highest = hn::Set(tag, high);
  for (int64_t c = 0; c < channels; c += lanes) {
    V columns[kWinogradOut][kWinogradIn], m[kWinogradIn], s[kWinogradOut];
    for (int x = 0; x < kWinogradIn; ++x) {
      for (int y = 0; y < kWinogradIn; ++y)
        m[y] = hn::LoadU(tag, points + (y * kWinogradIn + x) * stride + c);
      TransformToFour(m, s);
      for (int y = 0; y < kWinogradOut; ++y) columns[y][x] = s[y];
    }
    const V b = hn::LoadU(tag, bias + c);
    for (int y = 0; y < kWinogradOut; ++y) {
      TransformToFour(columns[y], s);
      for (int x = 0; x < kWinogradOut; ++x) {
        float* place = places[y * kWinogradOut + x];
        if (place == nullptr) continue;
        hn::StoreU(hn::Min(highest, hn::Max(lowest, hn::Add(s[x], b))), tag, place + c);
      }
    }
  }
}

}  // namespace seglab::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seglab {

HWY_EXPORT(WinogradInput);
HWY_EXPORT(WinogradOutput);
HWY_EXPORT(WinogradGradient);

void WinogradInput(const float* const* places, int64_t channels, float* points, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(WinogradInput)(places, channels, points, stride);
}

void WinogradOutput(const float* points, int64_t stride, int64_t channels, const float* bias,
                    float low, float high, float* const* places) {
  HWY_DYNAMIC_DISPATCH(WinogradOutput)(points, stride, channels, bias, low, high, places);
}

void WinogradGradient(const float* const* places, int64_t channels, float* points, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(WinogradGradient)(places, channels, points, stride);
}

}  // namespace seglab
#endif
