#include "nn/mirror.h"

#include <torch/torch.h>

#include <vector>

namespace seglab {
namespace {

/// Continues one dimension.
at::Tensor Continued(const at::Tensor& map, int64_t dim, int64_t before, int64_t behind) {
  if (before == 0 && behind == 0) return map;
  const int64_t size = map.size(dim), period = size == 1 ? 1 : 2 * (size - 1);
  std::vector<int64_t> from;
  from.reserve(before + size + behind);
  for (int64_t i = -before; i < size + behind; ++i) {
    const int64_t place = ((i % period) + period) % period;
    from.push_back(place < size ? place : period - place);
  }
  return map.index_select(dim, torch::tensor(from).to(map.device()));
}

}  // namespace

at::Tensor MirrorPad(const at::Tensor& map, int64_t top, int64_t bottom, int64_t left,
                     int64_t right) {
  return Continued(Continued(map, 2, top, bottom), 3, left, right);
}

}  // namespace seglab
