#pragma once

#include <memory>
#include <string_view>

#include "tensor/mapped_file.h"
#include "tensor/memory_budget.h"
#include "tensor/pickle.h"
#include "tensor/pth_tensor.h"
#include "tensor/tensor_file.h"

// What the pickle inside a .pth file means, whichever container it came in.

namespace seglab {

/// Names that torch.save writes for tensors, and those of harmless values that training scripts put
/// beside them (numbers of numpy, options of argparse), which are never looked into.
bool IsKnownToPth(std::string_view global);

/// The tensors with their dotted names, and simple values as metadata; see ReadPth.
/// @throws Error
TensorFile ReadState(const Pickle& pickle, const PthStorages& storages,
                     const std::shared_ptr<MappedFile>& file, MemoryBudget& budget);

}  // namespace seglab
