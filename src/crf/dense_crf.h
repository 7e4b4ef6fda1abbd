#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "crf/mean_field.h"
#include "crf/options.h"

namespace seglab {

/// A dense CRF over images: the post-process that sharpens a network's scores along the edges of
/// the image. One object serves many images of any size and keeps its memory between them.
class DenseCrf {
 public:
  /// @param threads  at least 1
  /// @throws Error when the options are wrong
  DenseCrf(CrfOptions options, int threads, const std::string& where = "CrfOptions");

  /// Takes an image and its unaries; Q is their softmax then.
  /// @param image  height x width x 3 uint8, R G B
  /// @param unary  labels x height x width; what a label costs, as -log of its probability
  /// @param factor  what the unaries are multiplied by: -1 takes a network's scores
  /// @param where  begins the text of errors: what the unaries are called
  /// @throws Error where there are fewer than 2 labels, a unary is NaN, the compatibility has
  ///   another number of labels, the sigmas are so small that the lattice has no room, or the
  ///   memory that may be needed is not there
  void SetImage(const uint8_t* image, int64_t height, int64_t width, const float* unary, int labels,
                float factor = 1, const std::string& where = "unary");

  /// `iterations` of mean field more.
  void Step(int iterations, std::vector<double>* energies = nullptr) {
    field_.Step(iterations, energies);
  }
  /// SetImage's image to its end: all the iterations of the options.
  void Run() { Step(options_.iterations); }

  /// See MeanField.
  double FreeEnergy() { return field_.FreeEnergy(); }
  void CopyQ(float* q) const { field_.CopyQ(q); }            ///< labels x height x width
  void CopyMap(int32_t* map) const { field_.CopyMap(map); }  ///< height x width

  const CrfOptions& options() const { return options_; }

 private:
  void CheckSize(int64_t height, int64_t width, int labels, const std::string& where) const;
  void CheckMemory(int64_t height, int64_t width, int labels, double need,
                   const std::string& where);
  std::vector<CrfKernel> Features(const uint8_t* image, int64_t width,
                                  const std::vector<uint32_t>& order);

  CrfOptions options_;
  std::string where_;
  MeanField field_;
  std::vector<HugeVector<float>> planes_;  // features
  double granted_ = 0;                     // bytes that were there for images before
};

}  // namespace seglab
