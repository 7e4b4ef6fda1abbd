#include "tensor/mapped_tensor.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <bit>

namespace seglab {

static_assert(std::endian::native == std::endian::little,
              "weight files hold the low byte first and are used as they are");

at::Tensor MappedTensor(const std::shared_ptr<MappedFile>& file, uint64_t offset,
                        at::IntArrayRef shape, at::ScalarType type) {
  const at::TensorOptions options = at::TensorOptions().dtype(type);
  int64_t elements = 1;
  for (int64_t side : shape) elements *= side;
  if (elements == 0) return at::empty(shape, options);
  char* start = file->data() + offset;
  const size_t width = c10::elementSize(type);
  if (reinterpret_cast<uintptr_t>(start) % width == 0)
    return at::from_blob(
        start, shape, [file](void*) {}, options);
  at::Tensor copy = at::empty(shape, options);
  file->Copy(offset, static_cast<uint64_t>(elements) * width, copy.data_ptr());
  return copy;
}

}  // namespace seglab
