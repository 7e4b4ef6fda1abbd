#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "crf/huge_vector.h"
#include "crf/lattice.h"

namespace seglab {

/// What a filtered value is divided by, n_i being the sum of the kernel over all j.
enum class Normalisation {
  kNone,       ///< nothing
  kBefore,     ///< n_j, before the filter
  kAfter,      ///< n_i, behind it
  kSymmetric,  ///< sqrt(n_i n_j)
};

/// A Gaussian kernel k(f_i, f_j) = weight * exp(-|f_i - f_j|^2 / 2) of the pixels' features.
struct CrfKernel {
  std::vector<const float*> features;  ///< d planes of n floats, in units of standard deviations
  double weight = 1;
  Normalisation normalisation = Normalisation::kSymmetric;
};

/// Mean field inference in a fully connected CRF of n pixels and L labels,
///
///   E(x) = sum over i of U_i(x_i) + sum over i < j of mu(x_i, x_j) sum over m of k_m(f_i, f_j)
///
/// by the algorithm of P. Krähenbühl and V. Koltun, "Efficient Inference in Fully Connected CRFs
/// with Gaussian Edge Potentials", NIPS 2011 (arXiv:1210.5644), Algorithm 1: Q is the softmax of
/// -U - mu * (messages), the messages are Q filtered on permutohedral lattices. As in the authors'
/// code a pixel's message to itself is kept.
///
/// All memory is kept from one image to the next. Results do not depend on the number of threads,
/// to the last bit.
class MeanField {
 public:
  /// @param threads  at least 1
  explicit MeanField(int threads);

  /// @param n  pixels, at least 1
  /// @param order  where each pixel of the features stands in unaries, Q and maps; empty: at the
  ///   same place. Inference is faster where near pixels stand together, as TileOrder puts them.
  void SetKernels(int64_t n, const std::vector<CrfKernel>& kernels,
                  std::vector<uint32_t> order = {});

  /// @param unary  U of L labels by n pixels, label by label: plane l begins at unary + l * n. Any
  ///   constant may be added to all labels of a pixel. Infinity is a label that cannot be.
  /// @param factor  what it is multiplied by: -1 makes energies of scores
  /// @return false where one is NaN or minus infinity (of the product): nothing may follow then
  bool SetUnary(const float* unary, int labels, float factor = 1);

  /// mu as L x L costs, row by row, zero at equal labels as a rule; empty: Potts, [a != b].
  /// Symmetric or not, it is used as mu(x_i, x_j) for pixel i.
  void SetCompatibility(std::span<const float> costs);

  /// Q becomes the softmax of -U.
  void Start();
  /// `iterations` steps more. With `energies` the mean field free energy of Q before each step is
  /// appended, FreeEnergy() in passing.
  void Step(int iterations, std::vector<double>* energies = nullptr);

  /// The sum over pixels of Q log Q + Q U + Q mu K Q / 2, which mean field lowers: the
  /// Kullback-Leibler divergence of Q from the CRF's distribution less the logarithm of its
  /// partition function. Takes as long as a step.
  double FreeEnergy();

  int threads() const { return threads_; }
  int64_t pixels() const { return pixels_; }
  int labels() const { return labels_; }

  /// Q, label by label as SetUnary takes U.
  void CopyQ(float* q) const;
  /// The label of the largest Q of each pixel, the first of equal ones.
  void CopyMap(int32_t* map) const;

  /// What inference on n pixels takes at least, and SetKernels at most, in bytes.
  /// @param dimensions  of each kernel's features
  static double BytesBefore(double n, int labels, const std::vector<int>& dimensions);
  /// What SetUnary is going to take for the lattices of SetKernels, in bytes.
  double ValueBytes(int labels) const;

 private:
  struct Chunk {
    int width;
    int64_t first;  // label
  };
  void Filter(Member& member);
  void Update(Member& member, bool keep_q, double* energy_of_block);

  int threads_;
  int64_t pixels_ = 0;
  int labels_ = 0;
  std::vector<uint32_t> order_;
  int64_t stride_ = 0;         // of a pixel's row: labels, padded to a multiple of 4
  std::vector<Chunk> chunks_;  // of labels, as wide as filters take
  std::vector<Lattice> lattices_;
  HugeVector<float> unary_;  // (n, stride), padded with what no label can beat
  HugeVector<float> q_;
  std::vector<HugeVector<float>> values_;  // of each lattice: chunk by chunk, points x width
  std::vector<float> costs_;               // transposed, rows of stride_
};

}  // namespace seglab
