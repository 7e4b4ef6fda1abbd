#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

struct BorderWeightOptions {
  double w0 = 10;                     ///< 0 ... 1e6; weight of the term of the border
  double sigma = 5;                   ///< cells, 0.1 ... 1000; how far it reaches
  int background = 0;                 ///< the class between objects
  std::vector<double> class_weights;  ///< one per class, 0 or more, not all 0; empty = all 1

  /// @param classes  0 = not known
  static BorderWeightOptions FromJson(JsonReader& reader, int classes);
  /// @throws Error on a value out of range
  void Check(int classes, const std::string& path = "loss") const;
};

/// The weight of each cell in U-Net's loss (Ronneberger et al., MICCAI 2015, arXiv 1505.04597,
/// equation 2):
///
///   w(x) = w_c(x) + w0 exp(-(d1(x) + d2(x))^2 / (2 sigma^2))
///
/// d1 and d2 are the distances, in cells from centre to centre, to the nearest object and to the
/// second nearest one. Objects are the pieces of one class other than the background, connected
/// over sides. The second term stands at cells of the background alone, as in the paper's figure 3,
/// and is 0 where it would be below 1e-6 w0 or there are no two objects.
/// @param label  (N, H, W), uint8 or int64; 255 = void, which is no object and weighs 0
/// @return (N, H, W), float32, on the CPU
at::Tensor BorderWeights(const at::Tensor& label, const BorderWeightOptions& options);

}  // namespace seglab
