#pragma once

#include <memory>

#include "tensor/mapped_file.h"
#include "tensor/memory_budget.h"
#include "tensor/pickle.h"
#include "tensor/pth_tensor.h"
#include "tensor/tensor_file.h"

// What the pickle inside a .pth file means, whichever container it came in.

namespace seglab {

/// The tensors with their dotted names, and simple values as metadata; see ReadPth.
/// @param script  the pickle is TorchScript's: its objects are modules, their attributes parameters
/// @throws Error
TensorFile ReadState(const Pickle& pickle, const PthStorages& storages,
                     const std::shared_ptr<MappedFile>& file, MemoryBudget& budget, bool script);

}  // namespace seglab
