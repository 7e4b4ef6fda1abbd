#include "tensor/precision.h"

#include <algorithm>

#include "base/error.h"
#include "base/names.h"

namespace seglab {

const std::vector<std::string>& PrecisionNames() {
  static const std::vector<std::string> names = {"float32", "bfloat16", "tf32"};
  return names;
}

const std::string& PrecisionName(Precision precision) {
  return PrecisionNames()[static_cast<size_t>(precision)];
}

Precision ParsePrecision(const std::string& name, const std::string& where) {
  const auto& names = PrecisionNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw Error(where, ": ", UnknownName("precision", name, names));
  return static_cast<Precision>(found - names.begin());
}

}  // namespace seglab
