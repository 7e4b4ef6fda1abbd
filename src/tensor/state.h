#pragma once

#include <string>
#include <vector>

#include "tensor/tensor_file.h"

namespace torch::nn {
class Module;
}

namespace seglab {

/// Parameters, then buffers, with their dotted names, sharing the module's memory.
NamedTensors ModuleState(const torch::nn::Module& module);

struct LoadOptions {
  std::string where;                          ///< names the source in the message
  std::vector<std::string> allow_missing;     ///< prefixes of names that keep their values
  std::vector<std::string> allow_unexpected;  ///< prefixes of names that may be left over
  /// Layers can be left out by "init": {"skip": ...}; the message says so where it would help.
  bool may_skip = false;
};

/// Compares `tensors` with a module's state, strictly: names missing from `tensors`, names the
/// module does not have, and shapes that differ are all listed in one message, with the nearest
/// names. Where nothing but the number of classes is wrong, the message says how to go on.
/// `num_batches_tracked` of batch norm may always be missing: only training with cumulative
/// averages reads it. Only names and shapes are looked at.
/// @throws Error
void CheckState(const NamedTensors& state, const NamedTensors& tensors, const LoadOptions& options);

/// Copies `tensors` into the module by name, if CheckState has nothing against it and all numbers
/// are finite. Nothing is copied unless everything fits. Types are converted, e.g. F16 to float32.
/// @throws Error
void LoadState(torch::nn::Module& module, const NamedTensors& tensors, const LoadOptions& options);

/// Whether a module may always lack the tensor in what it is loaded from.
bool MayAlwaysMiss(const std::string& name);

/// @throws Error where a number is infinite or NaN, naming tensor and count
void CheckFinite(const at::Tensor& tensor, const std::string& name, const std::string& where);

/// True when `name` is `prefix` or stands below it ("score_fr" and "score_fr.weight", not
/// "score_fr2").
bool HasPrefix(const std::string& name, const std::string& prefix);
bool HasAnyPrefix(const std::string& name, const std::vector<std::string>& prefixes);

/// "(64, 3, 3, 3)"
std::string ShapeText(at::IntArrayRef shape);

/// @throws Error "<where>: expected shape (N, 3, H, W), found ..." unless the sizes fit; -1 fits
/// all.
void CheckShape(const at::Tensor& tensor, const std::vector<int64_t>& shape,
                const std::string& where);

}  // namespace seglab
