#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace seglab {

/// Tensors by name, in the order of the file or the module.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// Tensors and what a file says about them.
struct TensorFile {
  NamedTensors tensors;
  std::map<std::string, std::string> metadata;
  /// "safetensors", "pth", "torchscript" or "caffemodel"; "" when it was not read from a file.
  std::string format = {};
  /// The key below which a .pth file says that its weights stand, "state_dict"; "" = it says
  /// nothing.
  std::string key = {};
  /// What may be weights and cannot be read, by name: "is made by a call of \"a.b\"". It is an
  /// error only where a network needs it.
  std::map<std::string, std::string> unread = {};

  /// The tensor, or nullptr.
  const at::Tensor* Find(const std::string& name) const;
};

/// Reads a safetensors file: 8 bytes little-endian header length, a JSON header, raw data. The file
/// is mapped, not copied: tensors are views that keep the mapping alive, and are copied on write.
/// Types F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL; tensors of others are TensorFile::unread.
/// Memory beside the file: half its size and a few megabytes at most (MemoryBudget).
/// @throws Error naming the file on anything that does not fit (truncated, overlapping or misplaced
///         data, header too long)
TensorFile ReadSafetensors(const std::string& path);

/// Writes a safetensors file atomically. Tensors of any device and layout are written contiguous.
/// Wide types come first so that every tensor is aligned.
void WriteSafetensors(const std::string& path, const NamedTensors& tensors,
                      const std::map<std::string, std::string>& metadata = {});

}  // namespace seglab
