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
/// or an object of named ones, {"plain": {}, "val2": {"data": {"split": "val2"}}}. An option may be
/// an object too, and an evaluation may be named as an option is ("crf"): it is the options of one
/// when all keys are options, and "data" is among them or a value is no object. Nothing said is
/// one without options.
/// @throws Error where a name cannot be part of a file's name, or where options stand beside names
std::vector<EvalSpec> EvalSpecs(const Json& eval, const std::string& path);

/// Merges an "eval" over another, as MergeJson does; named evaluations are merged by name. Options
/// under named ones, and over named ones, are options of each of them.
void MergeEval(Json& eval, const Json& over);

/// Sets a value in an "eval" as SetAtSteps does; an option of evaluations with names is set in
/// each.
void SetInEval(Json& eval, const std::vector<std::string>& steps, const Json& value,
               const std::string& where);

}  // namespace seglab
