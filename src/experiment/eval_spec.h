#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

/// One of a run's evaluations, none of which trains anything again.
struct EvalSpec {
  std::string name;  ///< "" when it is the only one and has none; else part of names of files
  Json options = Json::object();
};

/// The evaluations of a run's "eval", in its order: the options of one,
///
///   {"absent": "truth", "precision": "bfloat16"}
///
/// or an object of named ones, {"plain": {}, "val2": {"data": {"split": "val2"}}}: one all of whose
/// members are objects and not all of them options of an evaluation. Nothing said is one without
/// options.
/// @throws Error where a name cannot be part of a file's name
std::vector<EvalSpec> EvalSpecs(const Json& eval, const std::string& path);

}  // namespace seglab
