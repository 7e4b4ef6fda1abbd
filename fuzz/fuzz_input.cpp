#include "fuzz_input.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "tensor/mapped_file.h"

namespace seglab {
namespace {

std::string_view current;  // the bytes that every path stands for

}  // namespace

// In place of src/tensor/mapped_file.cpp: a block of memory of exactly the file's size, so that the
// address sanitizer sees each byte read beside it. A mapping would end at a page's end.

MappedFile::MappedFile(const std::string& path) : path_(path), size_(current.size()) {
  if (size_ == 0) return;
  data_ = static_cast<char*>(std::malloc(size_));
  std::memcpy(data_, current.data(), size_);
}

MappedFile::~MappedFile() { std::free(data_); }

void MappedFile::Copy(uint64_t offset, uint64_t size, void* to) const {
  std::memcpy(to, data_ + offset, size);
}

namespace fuzz {
namespace {

/// Reads the first and the last byte of the memory that the elements span. LibTorch itself is
/// built without sanitizers, so it is done here.
void Touch(const at::Tensor& tensor) {
  if (tensor.numel() == 0) return;
  int64_t last = 0;
  for (int64_t i = 0; i < tensor.dim(); ++i) last += (tensor.size(i) - 1) * tensor.stride(i);
  const auto* bytes = static_cast<const volatile char*>(tensor.data_ptr());
  const auto width = static_cast<int64_t>(tensor.element_size());
  (void)bytes[0];
  (void)bytes[last * width + width - 1];
}

}  // namespace

int TryReader(TensorFile (*read)(const std::string& path), const uint8_t* data, size_t size) {
  current = {reinterpret_cast<const char*>(data), size};
  try {
    for (const auto& [name, tensor] : read("fuzz").tensors) Touch(tensor);
  } catch (const Error& error) {
    if (std::strchr(error.what(), '\n') != nullptr) std::abort();
  }
  return 0;
}

}  // namespace fuzz
}  // namespace seglab
