#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "losses/loss.h"
#include "tensor/test_gradients.h"

// Helpers of this room's tests.
namespace seglab {

/// A loss of {"name": ...} and other keys, as text.
inline std::shared_ptr<const Loss> LossOfText(const std::string& text, int classes = 0) {
  return MakeLoss(ParseJson(text, "test"), classes, "loss");
}

/// Labels below `classes`, about a quarter of them void.
inline at::Tensor LabelsWithVoid(const std::vector<int64_t>& shape, int64_t classes) {
  const at::Tensor label = torch::randint(0, classes, shape);
  return label.masked_fill(torch::rand(shape) < 0.25, kVoidCell).to(at::kByte);
}

/// Compares the gradient of MeanLoss with central differences.
/// @param values  float64
inline void ExpectNumericGradient(const Loss& loss, const at::Tensor& values,
                                  const at::Tensor& label) {
  const auto mean = [&](const at::Tensor& logits) { return MeanLoss(loss, logits, label); };
  EXPECT_LT(GradientError(values, mean, 1e-6), 1e-7);
}

}  // namespace seglab
