#pragma once

#include <cstdint>
#include <vector>

#include "crf/options.h"

namespace seglab {

/// What seglab's CRF is measured against: mean field as Krähenbühl and Koltun published it (NIPS
/// 2011) on a permutohedral lattice as Adams, Baek and Davis published it (Eurographics 2010), done
/// straightforwardly on one core: a hash table of the vertices' coordinates, values label by label
/// in the order of discovery, neighbours in a table, messages in buffers of their own. Potts
/// compatibility, symmetric normalisation.
class PublishedCrf {
 public:
  PublishedCrf(const CrfOptions& options, const uint8_t* image, int height, int width,
               const float* unary, int labels);
  void Step(int iterations);
  std::vector<int32_t> Map() const;

 private:
  struct Kernel {
    int dimensions = 0;
    int points = 0;
    float weight = 0;
    std::vector<int> corner;         // d + 1 a pixel
    std::vector<float> barycentric;  // d + 1 a pixel
    std::vector<int> before, after;  // of each axis by point, -1 = none
    std::vector<float> norm;
  };
  static Kernel Build(const std::vector<std::vector<float>>& features, float weight, int pixels);
  static std::vector<float> Filter(const Kernel& kernel, const std::vector<float>& in, int channels,
                                   int pixels);
  void Softmax(std::vector<float>& x) const;

  int pixels_;
  int labels_;
  std::vector<float> unary_;  // pixel by pixel
  std::vector<float> q_;
  std::vector<Kernel> kernels_;
};

}  // namespace seglab
