#pragma once

#include <cstdint>

namespace seglab {

/// A part of a sum: the index of what is added and what it is multiplied by.
struct Term {
  uint32_t index;
  float weight;
};

/// Marks the first point of a chain in a list of chains.
inline constexpr uint32_t kChainStart = uint32_t{1} << 31;

/// The widths that the kernels below are compiled for: 1, 4, 8, ... kMaxWidth floats.
inline constexpr int kMaxWidth = 32;

// The inner loops of filtering on a permutohedral lattice (Adams, Baek, Davis 2010), compiled for
// several instruction sets, of which the best one is taken at run time. A point's value is `width`
// floats that lie together. All pointers to values are aligned to 16 bytes where width > 1.

/// values[i] = sum of weight * in[index * stride] over the terms start[i] ... start[i + 1] - 1, for
/// i of first ... last - 1.
void SplatPoints(const uint32_t* start, const Term* terms, int64_t first, int64_t last,
                 const float* in, int64_t stride, int width, float* values);

/// Blurs with [1/2, 1, 1/2] along chains of points, in place. chains[first] begins a chain.
void BlurChains(const uint32_t* chains, int64_t first, int64_t last, int width, float* values);

/// out[p * stride] = factor * base[p * stride] + sum over terms_of_pixel terms of weight *
/// values[index], for pixels p of first ... last - 1. `base` may be `out`.
void SliceAdd(const Term* terms, int terms_of_pixel, int64_t first, int64_t last,
              const float* values, int width, int64_t stride, float factor, const float* base,
              float* out);

/// Each row of `width` floats becomes its softmax; width is a multiple of 4.
void SoftmaxRows(int64_t rows, int64_t width, float* values);

/// For pixels first ... last - 1 of features[0 ... d - 1][pixel]: the simplex that each lies in.
/// Writes, by pixel - first: rests[axis][i] (d + 1 axes) the coordinates of the simplex' vertex of
/// remainder 0, ranks[axis][i] the order of the axes by what the pixel is beyond it (0: farthest),
/// and weights[i * (d + 1) + r] the barycentric weight of the vertex of remainder r.
/// At most kSimplexBlock pixels.
inline constexpr int64_t kSimplexBlock = 64;
inline constexpr int kMaxDimensions = 32;
void FindSimplices(const float* const* features, int dimensions, int64_t first, int64_t last,
                   int32_t* rests, int32_t* ranks, float* weights);

}  // namespace seglab
