#pragma once

#include <string>
#include <vector>

namespace seglab {

/// In what convolutions and products are computed; weights and scores are float32 always.
enum class Precision { kFloat32, kBfloat16 };

/// "float32", "bfloat16".
const std::vector<std::string>& PrecisionNames();
const std::string& PrecisionName(Precision precision);
/// @throws Error with the names there are
Precision ParsePrecision(const std::string& name, const std::string& where = "precision");

}  // namespace seglab
