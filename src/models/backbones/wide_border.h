#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

#include "nn/sequential.h"
#include "nn/stamp.h"

namespace seglab {

/// FCN's published geometry on a VGG: 100 zeros around the image, twice as many cells as the image
/// has. What sees none of the image is the same for every image of a size, and but for its middle
/// for every size. Here it is computed once, of a small image of zeros, a blank, and of an image
/// only the cells that see some of it. Equal up to rounding.
class WideBorder {
 public:
  /// @param layers  convolutions of stride 1 that keep sizes (but the first, of padding `border`),
  ///   batch norms, ReLUs, and pools of 2 x 2 with stride 2; what stands behind the first other
  ///   layer is not looked at
  WideBorder(const TensorSequential& layers, int64_t border);

  /// A map behind one of the layers.
  struct Map {
    size_t end;  ///< of the layers that it is behind
    at::Tensor values;
  };
  /// The maps behind as many of the first pools as are worth it, none where the image is small. In
  /// a FusedScope.
  /// @param image  (N, 3, H, W), without its border
  std::vector<Map> Run(const at::Tensor& image);

 private:
  /// Convolutions and the pool behind them.
  struct Stage {
    size_t begin, end;
    int64_t reach;  ///< cells that its convolutions see on each side
  };
  /// The maps behind the stages, of an image of zeros.
  struct Blank {
    std::vector<Stamp> of;
    std::array<int64_t, 2> size;  ///< of its image
    bool winograd, half;
    std::vector<at::Tensor> maps;
  };

  const Blank& BlankFor(const at::Tensor& image);

  TensorSequential layers_;
  int64_t around_;  ///< zeros that the image gets; then the first convolution keeps sizes too
  std::vector<Stage> stages_;
  std::vector<Blank> blanks_;  // the latest ones
};

}  // namespace seglab
