#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "losses/loss.h"

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
inline void ExpectNumericGradient(const Loss& loss, at::Tensor values, const at::Tensor& label) {
  constexpr double kStep = 1e-6;
  const at::Tensor logits = values.clone().requires_grad_();
  MeanLoss(loss, logits, label).backward();
  const at::Tensor gradient = logits.grad().contiguous().view({-1});
  at::Tensor flat = values.view({-1});
  for (int64_t i = 0; i < flat.numel(); ++i) {
    const double value = flat[i].item<double>();
    flat[i] = value + kStep;
    const double above = MeanLoss(loss, values, label).item<double>();
    flat[i] = value - kStep;
    const double below = MeanLoss(loss, values, label).item<double>();
    flat[i] = value;
    EXPECT_NEAR(gradient[i].item<double>(), (above - below) / (2 * kStep), 1e-7) << i;
  }
}

}  // namespace seglab
