#include "crf/lattice_kernels.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <cmath>

// Vectors whose length is known at compile time only.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "crf/lattice_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace seglab::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// `kWidth` floats in registers.
template <int kWidth>
struct Row {
  static constexpr size_t kCap = kWidth % 16 == 0  ? 16
                                 : kWidth % 8 == 0 ? 8
                                 : kWidth % 4 == 0 ? 4
                                                   : 1;
  using Tag = hn::CappedTag<float, kCap>;
  using Vector = hn::Vec<Tag>;
  static constexpr size_t kLanes = hn::MaxLanes(Tag());
  static constexpr size_t kCount = kWidth / kLanes;

  Vector v[kCount];

  static HWY_INLINE Row Zero() {
    Row row;
    for (size_t i = 0; i < kCount; ++i) row.v[i] = hn::Zero(Tag());
    return row;
  }
  static HWY_INLINE Row Load(const float* from) {
    Row row;
    for (size_t i = 0; i < kCount; ++i) row.v[i] = hn::LoadU(Tag(), from + i * kLanes);
    return row;
  }
  HWY_INLINE void Store(float* to) const {
    for (size_t i = 0; i < kCount; ++i) hn::StoreU(v[i], Tag(), to + i * kLanes);
  }
  HWY_INLINE void AddTimes(float factor, const float* from) {
    const Vector f = hn::Set(Tag(), factor);
    for (size_t i = 0; i < kCount; ++i) {
      v[i] = hn::MulAdd(f, hn::LoadU(Tag(), from + i * kLanes), v[i]);
    }
  }
};

template <int kWidth>
struct Splat {
  static void Run(const uint32_t* start, const Term* terms, int64_t first, int64_t last,
                  const float* in, int64_t stride, float* values) {
    for (int64_t i = first; i < last; ++i) {
      auto sum = Row<kWidth>::Zero();
      for (uint32_t t = start[i]; t < start[i + 1]; ++t) {
        sum.AddTimes(terms[t].weight, in + terms[t].index * stride);
      }
      sum.Store(values + i * kWidth);
    }
  }
};

template <int kWidth>
struct Blur {
  static void Run(const uint32_t* chains, int64_t first, int64_t last, float* values) {
    using R = Row<kWidth>;
    const typename R::Vector half = hn::Set(typename R::Tag(), 0.5f);
    constexpr int64_t kAhead = 32;  // of random places, some hundred nanoseconds
    int64_t i = first;
    while (i < last) {
      R before = R::Zero();
      float* at = values + static_cast<int64_t>(chains[i] & ~kChainStart) * kWidth;
      R here = R::Load(at);
      bool more = true;
      while (more) {
        ++i;
        more = i < last && (chains[i] & kChainStart) == 0;
        if (i + kAhead < last) {
          const float* ahead =
              values + static_cast<int64_t>(chains[i + kAhead] & ~kChainStart) * kWidth;
          for (int j = 0; j < kWidth; j += 16) hwy::Prefetch(ahead + j);
        }
        float* next = more ? values + static_cast<int64_t>(chains[i]) * kWidth : at;
        const R after = more ? R::Load(next) : R::Zero();
        R out;
        for (size_t j = 0; j < R::kCount; ++j) {
          out.v[j] = hn::MulAdd(half, hn::Add(before.v[j], after.v[j]), here.v[j]);
        }
        out.Store(at);
        before = here;
        here = after;
        at = next;
      }
    }
  }
};

template <int kWidth>
struct Slice {
  static void Run(const Term* terms, int terms_of_pixel, int64_t first, int64_t last,
                  const float* values, int64_t stride, float factor, const float* base,
                  float* out) {
    const Term* term = terms + first * terms_of_pixel;
    for (int64_t p = first; p < last; ++p) {
      auto sum = Row<kWidth>::Zero();
      sum.AddTimes(factor, base + p * stride);
      for (int k = 0; k < terms_of_pixel; ++k, ++term) {
        sum.AddTimes(term->weight, values + static_cast<int64_t>(term->index) * kWidth);
      }
      sum.Store(out + p * stride);
    }
  }
};

/// Calls Kernel<width>::Run.
template <template <int> class Kernel, typename... Args>
void WithWidth(int width, Args... args) {
  switch (width) {
    case 1:
      return Kernel<1>::Run(args...);
    case 4:
      return Kernel<4>::Run(args...);
    case 8:
      return Kernel<8>::Run(args...);
    case 12:
      return Kernel<12>::Run(args...);
    case 16:
      return Kernel<16>::Run(args...);
    case 20:
      return Kernel<20>::Run(args...);
    case 24:
      return Kernel<24>::Run(args...);
    case 28:
      return Kernel<28>::Run(args...);
    default:
      return Kernel<32>::Run(args...);
  }
}

void SplatPoints(const uint32_t* start, const Term* terms, int64_t first, int64_t last,
                 const float* in, int64_t stride, int width, float* values) {
  WithWidth<Splat>(width, start, terms, first, last, in, stride, values);
}

void BlurChains(const uint32_t* chains, int64_t first, int64_t last, int width, float* values) {
  WithWidth<Blur>(width, chains, first, last, values);
}

void SliceAdd(const Term* terms, int terms_of_pixel, int64_t first, int64_t last,
              const float* values, int width, int64_t stride, float factor, const float* base,
              float* out) {
  WithWidth<Slice>(width, terms, terms_of_pixel, first, last, values, stride, factor, base, out);
}

/// e^x for x <= 0, to 2e-7 of its value; 0 below -87.
template <class D, class V>
HWY_INLINE V ExpOfNegative(D tag, V x) {
  const hn::RebindToSigned<D> ints;
  const V parts = hn::Mul(x, hn::Set(tag, 1.44269504f));
  const V whole = hn::Round(parts);
  // ln 2 in two parts, so that the rest is exact to the last bits.
  V rest = hn::NegMulAdd(whole, hn::Set(tag, 0.693359375f), x);
  rest = hn::NegMulAdd(whole, hn::Set(tag, -2.12194440e-4f), rest);
  // Taylor's polynomial, its last coefficients fitted on [-ln 2 / 2, ln 2 / 2] (as in Cephes).
  V y = hn::Set(tag, 1.9875691500e-4f);
  y = hn::MulAdd(y, rest, hn::Set(tag, 1.3981999507e-3f));
  y = hn::MulAdd(y, rest, hn::Set(tag, 8.3334519073e-3f));
  y = hn::MulAdd(y, rest, hn::Set(tag, 4.1665795894e-2f));
  y = hn::MulAdd(y, rest, hn::Set(tag, 1.6666665459e-1f));
  y = hn::MulAdd(y, rest, hn::Set(tag, 5.0000001201e-1f));
  y = hn::MulAdd(y, hn::Mul(rest, rest), hn::Add(rest, hn::Set(tag, 1.0f)));
  const auto exponent = hn::ShiftLeft<23>(hn::ConvertTo(ints, whole));
  y = hn::BitCast(tag, hn::Add(hn::BitCast(ints, y), exponent));
  return hn::IfThenElseZero(hn::Gt(x, hn::Set(tag, -87.0f)), y);
}

template <size_t kCap>
void SoftmaxRowsOf(int64_t rows, int64_t width, float* values) {
  const hn::CappedTag<float, kCap> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  for (int64_t row = 0; row < rows; ++row) {
    float* x = values + row * width;
    auto most = hn::LoadU(tag, x);
    for (int64_t i = lanes; i < width; i += lanes) most = hn::Max(most, hn::LoadU(tag, x + i));
    most = hn::MaxOfLanes(tag, most);
    auto sum = hn::Zero(tag);
    for (int64_t i = 0; i < width; i += lanes) {
      const auto e = ExpOfNegative(tag, hn::Sub(hn::LoadU(tag, x + i), most));
      hn::StoreU(e, tag, x + i);
      sum = hn::Add(sum, e);
    }
    const auto scale = hn::Div(hn::Set(tag, 1.0f), hn::SumOfLanes(tag, sum));
    for (int64_t i = 0; i < width; i += lanes) {
      hn::StoreU(hn::Mul(scale, hn::LoadU(tag, x + i)), tag, x + i);
    }
  }
}

void SoftmaxRows(int64_t rows, int64_t width, float* values) {
  if (width % 8 == 0) {
    SoftmaxRowsOf<8>(rows, width, values);
  } else {
    SoftmaxRowsOf<4>(rows, width, values);
  }
}

// Section 4.2 of Adams, Baek, Davis 2010: elevation into the hyperplane of coordinates that sum to
// zero, the nearest point of remainder 0, the simplex by the order of the rests.
void FindSimplices(const float* const* features, int dimensions, int64_t first, int64_t last,
                   int32_t* rests, int32_t* ranks, float* weights) {
  const hn::CappedTag<float, 8> tag;
  const hn::RebindToSigned<decltype(tag)> ints;
  using F = hn::Vec<decltype(tag)>;
  using I = hn::Vec<decltype(ints)>;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const int d = dimensions;
  const auto step = static_cast<float>(d + 1);
  float scale[kMaxDimensions];
  for (int i = 0; i < d; ++i) {
    scale[i] =
        static_cast<float>(std::sqrt(2.0 / 3.0) * (d + 1) / std::sqrt((i + 1.0) * (i + 2.0)));
  }

  for (int64_t at = first; at < last; at += lanes) {
    const int64_t n = std::min(lanes, last - at);
    F elevated[kMaxDimensions + 1];
    F sum = hn::Zero(tag);
    for (int j = d; j > 0; --j) {
      HWY_ALIGN float padded[8] = {};
      std::copy_n(features[j - 1] + at, n, padded);
      const F feature = hn::Mul(hn::Load(tag, padded), hn::Set(tag, scale[j - 1]));
      elevated[j] = hn::Sub(sum, hn::Mul(hn::Set(tag, static_cast<float>(j)), feature));
      sum = hn::Add(sum, feature);
    }
    elevated[0] = sum;

    F rest[kMaxDimensions + 1];
    I rank[kMaxDimensions + 1];
    I off = hn::Zero(ints);  // the sum of the rounded coordinates, in steps of d + 1
    for (int i = 0; i <= d; ++i) {
      const F parts = hn::Mul(elevated[i], hn::Set(tag, 1.0f / step));
      const F up = hn::Mul(hn::Ceil(parts), hn::Set(tag, step));
      const F down = hn::Mul(hn::Floor(parts), hn::Set(tag, step));
      const auto nearer_up = hn::Lt(hn::Sub(up, elevated[i]), hn::Sub(elevated[i], down));
      rest[i] = hn::IfThenElse(nearer_up, up, down);
      off =
          hn::Add(off, hn::ConvertTo(ints, hn::Round(hn::Mul(rest[i], hn::Set(tag, 1.0f / step)))));
      rank[i] = hn::Zero(ints);
    }
    F beyond[kMaxDimensions + 1];
    for (int i = 0; i <= d; ++i) beyond[i] = hn::Sub(elevated[i], rest[i]);
    const I one = hn::Set(ints, 1);
    for (int i = 0; i < d; ++i) {
      for (int j = i + 1; j <= d; ++j) {
        const auto less = hn::RebindMask(ints, hn::Lt(beyond[i], beyond[j]));
        rank[i] = hn::Add(rank[i], hn::IfThenElseZero(less, one));
        rank[j] = hn::Add(rank[j], hn::IfThenZeroElse(less, one));
      }
    }
    // Where the rounded coordinates do not sum to zero, those farthest off move by a step.
    for (int i = 0; i <= d; ++i) {
      rank[i] = hn::Add(rank[i], off);
      const auto low = hn::Lt(rank[i], hn::Zero(ints));
      const auto high = hn::Gt(rank[i], hn::Set(ints, d));
      const I whole = hn::Set(ints, d + 1);
      const I move = hn::Sub(hn::IfThenElseZero(low, whole), hn::IfThenElseZero(high, whole));
      rank[i] = hn::Add(rank[i], move);
      rest[i] = hn::Add(rest[i], hn::ConvertTo(tag, move));
      beyond[i] = hn::Mul(hn::Sub(elevated[i], rest[i]), hn::Set(tag, 1.0f / step));
    }

    const int64_t out = at - first;
    for (int i = 0; i <= d; ++i) {
      HWY_ALIGN int32_t lane[8];
      hn::Store(hn::ConvertTo(ints, rest[i]), ints, lane);
      std::copy_n(lane, n, rests + i * kSimplexBlock + out);
      hn::Store(rank[i], ints, lane);
      std::copy_n(lane, n, ranks + i * kSimplexBlock + out);
    }
    // by_rank[k]: how far the pixel is beyond along the axis of rank k.
    F by_rank[kMaxDimensions + 1];
    for (int k = 0; k <= d; ++k) {
      by_rank[k] = hn::Zero(tag);
      for (int i = 0; i <= d; ++i) {
        const auto is = hn::RebindMask(tag, hn::Eq(rank[i], hn::Set(ints, k)));
        by_rank[k] = hn::Add(by_rank[k], hn::IfThenElseZero(is, beyond[i]));
      }
    }
    for (int r = 0; r <= d; ++r) {
      const F weight = r == 0 ? hn::Add(hn::Set(tag, 1.0f), hn::Sub(by_rank[d], by_rank[0]))
                              : hn::Sub(by_rank[d - r], by_rank[d + 1 - r]);
      HWY_ALIGN float lane[8];
      hn::Store(weight, tag, lane);
      for (int64_t i = 0; i < n; ++i) weights[(out + i) * (d + 1) + r] = lane[i];
    }
  }
}

}  // namespace seglab::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace seglab {

HWY_EXPORT(SplatPoints);
HWY_EXPORT(BlurChains);
HWY_EXPORT(SliceAdd);
HWY_EXPORT(SoftmaxRows);
HWY_EXPORT(FindSimplices);

void SplatPoints(const uint32_t* start, const Term* terms, int64_t first, int64_t last,
                 const float* in, int64_t stride, int width, float* values) {
  HWY_DYNAMIC_DISPATCH(SplatPoints)(start, terms, first, last, in, stride, width, values);
}

void BlurChains(const uint32_t* chains, int64_t first, int64_t last, int width, float* values) {
  HWY_DYNAMIC_DISPATCH(BlurChains)(chains, first, last, width, values);
}

void SliceAdd(const Term* terms, int terms_of_pixel, int64_t first, int64_t last,
              const float* values, int width, int64_t stride, float factor, const float* base,
              float* out) {
  HWY_DYNAMIC_DISPATCH(SliceAdd)
  (terms, terms_of_pixel, first, last, values, width, stride, factor, base, out);
}

void SoftmaxRows(int64_t rows, int64_t width, float* values) {
  HWY_DYNAMIC_DISPATCH(SoftmaxRows)(rows, width, values);
}

void FindSimplices(const float* const* features, int dimensions, int64_t first, int64_t last,
                   int32_t* rests, int32_t* ranks, float* weights) {
  HWY_DYNAMIC_DISPATCH(FindSimplices)
  (features, dimensions, first, last, rests, ranks, weights);
}

}  // namespace seglab
#endif
