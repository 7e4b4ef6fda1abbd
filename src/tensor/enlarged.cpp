#include "tensor/enlarged.h"

#include <torch/torch.h>

namespace seglab {

const at::Tensor& Enlarged::Values() const {
  if (to_) {
    map_ = Interpolate(map_, *to_);
    to_.reset();
  }
  return map_;
}

std::vector<int64_t> Enlarged::sizes() const {
  std::vector<int64_t> sizes = map_.sizes().vec();
  if (to_) {
    sizes[2] = to_->rows.out();
    sizes[3] = to_->columns.out();
  }
  return sizes;
}

}  // namespace seglab
