#pragma once

#include <string>
#include <string_view>

#include "tensor/tensor_file.h"

namespace seglab {

/// Reads a file of torch.save, in the ZIP format (PyTorch 1.6 and later) or in the one before, or
/// the parameters of a TorchScript archive. Nothing of its pickle is executed and no object made:
/// what is neither tensor, dict, list nor simple value is left out, or, where it may hold weights,
/// named in TensorFile::unread.
///
/// Tensors are views of the mapped file, copied on write, with the strides and shared memory that
/// they were saved with; where the data does not suit the type's alignment, which only the old
/// format brings about, their storage is a copy. Types double, float, half, bfloat16, long, int,
/// short, char, byte, bool.
///
/// Names: dicts, lists and tuples are flattened with dots, with the index as name in a list. Where
/// a dict has tensors under a key under which training scripts put the weights ("state_dict",
/// "model" ...), TensorFile::key is that. Numbers and texts in it and beside it become metadata
/// under their names.
/// @throws Error naming the file on anything that does not fit
TensorFile ReadPth(const std::string& path);

/// Whether the bytes begin as one of the two formats does.
bool IsZip(std::string_view bytes);
bool IsLegacyPth(std::string_view bytes);

}  // namespace seglab
