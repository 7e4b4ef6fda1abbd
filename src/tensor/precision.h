#pragma once

#include <string>
#include <vector>

namespace seglab {

/// In what convolutions and products are computed; weights and scores are float32 always.
enum class Precision {
  kFloat32,
  kBfloat16,  ///< products; weights and sums stay float32
  kTf32,      ///< on a GPU (gpu.h); float32 elsewhere
};

/// "float32", "bfloat16", "tf32".
const std::vector<std::string>& PrecisionNames();
const std::string& PrecisionName(Precision precision);
/// @throws Error with the names there are
Precision ParsePrecision(const std::string& name, const std::string& where = "precision");

}  // namespace seglab
