#include "experiment/eval_spec.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace seglab {
namespace {

bool IsOption(const std::string& key) {
  for (const char* known : {"absent", "precision", "data", "crf", "scales", "flip", "window",
                            "trimap", "boundary_f1", "rand", "winograd"}) {
    if (key == known) return true;
  }
  return false;
}

/// Whether a member can only be an option: "crf": {} may as well be an evaluation.
bool MustBeOption(const std::string& key, const Json& value) {
  return IsOption(key) && (key == "data" || !value.is_object());
}

/// Whether all members are options of one evaluation.
bool AreOptions(const Json& members) {
  bool sure = false;
  for (const auto& [key, value] : members.items()) {
    if (!IsOption(key)) return false;
    sure = sure || MustBeOption(key, value);
  }
  return sure;
}

bool AreNamed(const Json& eval) {
  return eval.is_object() && !eval.empty() && !AreOptions(eval) &&
         std::all_of(eval.begin(), eval.end(), [](const Json& value) { return value.is_object(); });
}

/// Whether `members` are options for each of the evaluations in `eval`.
bool AreForEach(const Json& eval, const Json& members) {
  if (!AreNamed(eval) || !AreOptions(members)) return false;
  for (const auto& [key, value] : members.items()) {
    if (eval.contains(key)) return false;  // that evaluation is meant
  }
  return true;
}

Json WithoutNulls(const Json& members) {
  Json result = Json::object();
  for (const auto& [key, value] : members.items()) {
    if (!value.is_null()) result[key] = value;
  }
  return result;
}

void CheckName(const std::string& name, const std::string& path) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.+ ").find(c) != std::string_view::npos;
  };
  constexpr size_t kLongest = 60;
  if (!name.empty() && name.size() <= kLongest && std::all_of(name.begin(), name.end(), fits))
    return;
  throw Error(path, ": the name of an evaluation is part of file names: 1 to ", kLongest,
              " letters, digits, blanks and - _ . +, found \"", name, "\"");
}

/// @throws Error where what can be no evaluation stands beside what can be nothing else: the reader
/// of either form would call the other's members unknown
void CheckNotMixed(const Json& eval, const std::string& path) {
  std::string option, named;
  for (const auto& [key, value] : eval.items()) {
    if (!value.is_object() || key == "data") option = key;
    if (value.is_object() && !IsOption(key)) named = key;
  }
  if (option.empty() || named.empty()) return;
  throw Error(path, ": \"", named, "\" is no option of an evaluation, and beside \"", option,
              "\", which is one, none can have a name; give each its options: {\"", named,
              "\": {\"", option, "\": ...}}");
}

}  // namespace

std::vector<EvalSpec> EvalSpecs(const Json& eval, const std::string& path) {
  if (eval.is_null()) return {{}};
  if (!eval.is_object())
    throw Error(path, ": must be an object, options of an evaluation or named evaluations");
  CheckNotMixed(eval, path);
  if (!AreNamed(eval)) return {{"", eval}};
  std::vector<EvalSpec> specs;
  for (const auto& [name, options] : eval.items()) {
    CheckName(name, path);
    specs.push_back({name, options});
  }
  return specs;
}

void MergeEval(Json& eval, const Json& over) {
  const bool both = eval.is_object() && !eval.empty() && over.is_object();
  if (both && AreForEach(eval, over)) {
    for (Json& options : eval) MergeJson(options, over);
  } else if (both && AreOptions(eval) && AreNamed(WithoutNulls(over))) {
    const Json shared = std::exchange(eval, Json::object());
    for (const auto& [name, options] : over.items()) {
      if (options.is_null()) continue;
      eval[name] = shared;
      MergeJson(eval[name], options);
    }
  } else {
    MergeJson(eval, over);
  }
}

void SetInEval(Json& eval, const std::vector<std::string>& steps, const Json& value,
               const std::string& where) {
  Json member = Json::object();
  member[steps.front()] = steps.size() > 1 ? Json::object() : value;
  if (!AreForEach(eval, member)) return SetAtSteps(eval, steps, value, where);
  for (Json& options : eval) SetAtSteps(options, steps, value, where);
}

}  // namespace seglab
