#include "inference/windows.h"

#include <torch/torch.h>

#include <algorithm>

namespace seglab {

std::vector<int64_t> WindowStarts(int64_t length, int64_t size, int64_t stride) {
  std::vector<int64_t> starts = {0};
  while (starts.back() + size < length) {
    starts.push_back(std::min(starts.back() + stride, length - size));
  }
  return starts;
}

Enlarged ScoreWindows(const at::Tensor& input, const WindowOptions& options,
                      const std::function<Enlarged(const at::Tensor&)>& score) {
  const int64_t height = input.size(2), width = input.size(3);
  const int64_t size = options.size;
  if (size == 0 || (height <= size && width <= size)) return score(input);
  const int64_t stride = options.stride > 0 ? options.stride : (2 * size + 2) / 3;
  const std::vector<int64_t> tops = WindowStarts(height, size, stride);
  const std::vector<int64_t> lefts = WindowStarts(width, size, stride);
  at::Tensor sum;
  const at::Tensor count = at::zeros({1, 1, height, width}, input.options().dtype(at::kFloat));
  for (int64_t top : tops) {
    const int64_t rows = std::min(size, height);
    for (int64_t left : lefts) {
      const int64_t columns = std::min(size, width);
      const at::Tensor window = input.narrow(2, top, rows).narrow(3, left, columns);
      const at::Tensor scores =
          score(window.contiguous(input.suggest_memory_format())).Values().to(at::kFloat);
      if (!sum.defined()) {
        sum = at::zeros({input.size(0), scores.size(1), height, width}, scores.options());
      }
      sum.narrow(2, top, rows).narrow(3, left, columns).add_(scores);
      count.narrow(2, top, rows).narrow(3, left, columns).add_(1);
    }
  }
  return sum.div_(count);
}

}  // namespace seglab
