#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tensor/mapped_file.h"
#include "tensor/memory_budget.h"
#include "tensor/pickle.h"

// How a tensor is written in the pickle of a .pth file: as a call that would make it from a
// storage, and the storage as the id of something outside the pickle.

namespace seglab {

/// The elements of a storage, as its class says them: torch.<name>Storage.
struct PthStorageType {
  std::string_view name;
  uint64_t width;                      ///< bytes of an element
  std::optional<at::ScalarType> type;  ///< none: of a kind that is not read here
};

/// Elements of one type in a row, which tensors are views of.
struct PthStorage {
  const PthStorageType* type;
  uint64_t elements;
  uint64_t offset = 0;  ///< of its first element in the file, in bytes; the container sets it
  bool placed = false;  ///< the container has it

  uint64_t ElementSize() const { return type->width; }
};

/// By key; keys are views of the file.
using PthStorages = std::map<std::string_view, PthStorage>;

/// Every storage that the pickle names. @throws Error
PthStorages FindStorages(const Pickle& pickle, const std::string& path, MemoryBudget& budget);

/// Whether the value describes a tensor.
bool IsPthTensor(PickleValue value);

/// Why a tensor cannot be read, "is of the type ..."; "" where it can.
/// @param where  names it in messages
std::string UnreadReason(PickleValue tensor, const std::string& where);

/// Makes tensors that are views of the mapped storages.
class PthTensorMaker {
 public:
  /// @param storages  all that the pickle names, all placed
  PthTensorMaker(const PthStorages& storages, std::shared_ptr<MappedFile> file,
                 MemoryBudget& budget);

  /// @param call  a value for which IsPthTensor holds and UnreadReason gives nothing
  /// @param name  names the tensor in messages
  at::Tensor Make(PickleValue call, const std::string& name);

 private:
  at::Tensor Storage(std::string_view key);

  const PthStorages& storages_;
  std::shared_ptr<MappedFile> file_;
  MemoryBudget& budget_;
  uint64_t bytes_left_;  // for the elements of all tensors together, were each copied
  std::map<std::string_view, at::Tensor> made_;
};

}  // namespace seglab
