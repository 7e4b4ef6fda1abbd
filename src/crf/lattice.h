#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/team.h"
#include "crf/huge_vector.h"
#include "crf/lattice_kernels.h"

namespace seglab {

/// Filters values at N pixels with a Gaussian of their features, sum over j of
/// exp(-|f_i - f_j|^2 / 2) v_j, on a permutohedral lattice: pixels are splatted onto the vertices
/// of the simplex that they lie in, the vertices are blurred along the d + 1 axes of the lattice,
/// and sliced again (A. Adams, J. Baek, M. A. Davis, "Fast High-Dimensional Filtering Using the
/// Permutohedral Lattice", Eurographics 2010). Only vertices of simplices with pixels in them
/// exist.
///
/// Results do not depend on the number of threads, to the last bit.
///
/// Memory is kept from one Build to the next and grows with the largest. Of the functions with a
/// Member, every member of a team calls the same with the same arguments.
class Lattice {
 public:
  Lattice();
  ~Lattice();
  Lattice(Lattice&&) noexcept;
  Lattice& operator=(Lattice&&) noexcept;

  /// @param features  d planes of n floats each, finite, in units of the Gaussian's standard
  ///   deviation; d of 1 to kMaxDimensions, n of 1 to 2^31 / (d + 1)
  void Build(Member& member, std::span<const float* const> features, int64_t n);

  /// Whether features between these bounds have places in the lattice: far apart, or in many
  /// dimensions, their coordinates do not fit into 128 bits.
  static bool Fits(std::span<const float> least, std::span<const float> most);

  int dimensions() const { return dimensions_; }
  int64_t pixels() const { return pixels_; }
  /// Vertices with places of their own, unused ones (some per cent) among them.
  int64_t points() const { return points_; }

  /// Multiplies what a pixel gives by before[pixel], and what it gets by after[pixel] * factor.
  /// @param before, after  n factors, or null for ones
  void Scale(Member& member, const float* before, const float* after, float factor);

  /// The three steps of filtering `width` channels of rows of `stride` floats.
  /// @param width  1, or a multiple of 4 to kMaxWidth
  /// @param values  points() * width floats, aligned to 64 bytes, the same for each member
  void Splat(Member& member, const float* in, int64_t stride, int width, float* values) const;
  void Blur(Member& member, int width, float* values) const;
  /// For pixels first ... last - 1, by whoever calls: out = factor * base + what was filtered.
  void SliceAdd(int64_t first, int64_t last, const float* values, int width, int64_t stride,
                float factor, const float* base, float* out) const;

  /// An upper bound of the memory that a lattice of n pixels takes, in bytes, without values.
  static double MostBytes(int dimensions, double n);

 private:
  template <typename Key>
  struct Numbering;
  template <typename Key>
  void Number(Member& member, std::span<const float* const> features, Numbering<Key>& numbering);
  template <typename Key>
  void PlacePoints(Numbering<Key>& numbering, size_t corners);
  template <typename Own>
  void PlaceTerms(Member& member, size_t corners, Own& own);
  template <typename Key>
  void FindNext(Member& member, size_t corners, Numbering<Key>& numbering);

  int dimensions_ = 0;
  int64_t pixels_ = 0;
  int64_t points_ = 0;
  HugeVector<Term> slice_;                    // (d + 1) vertices a pixel
  HugeVector<Term> splat_;                    // pixels by point
  HugeVector<uint32_t> splat_start_;          // points + 1
  std::vector<HugeVector<uint32_t>> chains_;  // of each axis, those of two points and more
  // What finds the points of pixels: kept for its memory.
  std::unique_ptr<Numbering<uint64_t>> narrow_;
  std::unique_ptr<Numbering<unsigned __int128>> wide_;
  bool is_wide_ = false;
  std::vector<float> least_, most_;
};

}  // namespace seglab
