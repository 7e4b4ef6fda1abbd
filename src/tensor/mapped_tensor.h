#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "tensor/mapped_file.h"

namespace seglab {

/// A contiguous tensor whose elements begin at byte `offset` of the file, low byte first; the
/// caller has checked that they lie in it. Where the offset suits the type, the tensor is a view
/// that keeps the mapping alive and is copied on write; elsewhere it is a copy.
at::Tensor MappedTensor(const std::shared_ptr<MappedFile>& file, uint64_t offset,
                        at::IntArrayRef shape, at::ScalarType type);

}  // namespace seglab
