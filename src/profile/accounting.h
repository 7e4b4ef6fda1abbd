#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "profile/op_record.h"
#include "profile/profile.h"

namespace seglab {

/// A parameter of the network, as it lies in memory.
struct RecordedParameter {
  std::string name;
  std::vector<int64_t> shape;
  bool used = false;  ///< by an operator seen so far

  int64_t Elements() const;
};

/// By number of the memory and offset in it.
using ParametersByPlace = std::map<std::pair<int, int64_t>, RecordedParameter>;

/// What one forward pass costs and sees: all of a Profile but parameters, input and output.
/// @param kept  memory of the results, in use to the end
Profile AccountOf(const OpRecorder& record, const TensorUse& image, ParametersByPlace parameters,
                  const std::vector<TensorUse>& kept);

}  // namespace seglab
