#pragma once

#include <string>
#include <string_view>

#include "tensor/tensor_file.h"

namespace seglab {

/// Reads a file of torch.save, in the ZIP format (PyTorch 1.6 and later) or in the one before.
/// Nothing of its pickle is executed; a name that weights do not need is an error.
///
/// Tensors are views of the mapped file, copied on write, with the strides and shared memory that
/// they were saved with; where the data does not suit the type's alignment, which only the old
/// format brings about, their storage is a copy. Types double, float, half, bfloat16, long, int,
/// short, char, byte, bool.
///
/// Names: where a dict has tensors under "state_dict", "model_state_dict", "model" or "net", these
/// alone are read (an optimiser beside them is not). Dicts, lists and tuples in it are flattened
/// with dots, with the index as name in a list. "module." is taken off when all names begin with
/// it. Numbers and texts become metadata under their names, other values are left out.
/// @throws Error naming the file on anything that does not fit
TensorFile ReadPth(const std::string& path);

/// Whether the bytes begin as one of the two formats does.
bool IsZip(std::string_view bytes);
bool IsLegacyPth(std::string_view bytes);

}  // namespace seglab
