#pragma once

#include <torch/torch.h>

#include "models/seg_model.h"

namespace seglab {

/// Scores every pixel by its own color alone, so that windows and flips change nothing:
/// class 0 red, 1 green, 2 blue.
class ColorModel : public SegModel {
 public:
  ColorModel() { preprocessing = Preprocessing::FromJson("unit", "test"); }
  SegOutput forward(const at::Tensor& image) override {
    ++passes;
    widest = std::max(widest, image.size(3));
    return {image * 4};
  }
  at::Tensor Features(const at::Tensor& image) override { return image; }

  int passes = 0;
  int64_t widest = 0;
};

inline at::Tensor RandomImage(int64_t n, int64_t height, int64_t width) {
  torch::manual_seed(1);
  return torch::randint(256, {n, height, width, 3}, at::TensorOptions().dtype(at::kByte));
}

}  // namespace seglab
