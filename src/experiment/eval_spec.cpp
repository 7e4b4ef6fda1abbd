#include "experiment/eval_spec.h"

#include <algorithm>

#include "base/error.h"

namespace seglab {
namespace {

bool IsOption(const std::string& key) {
  for (const char* known : {"absent", "precision", "data"}) {
    if (key == known) return true;
  }
  return false;
}

bool IsNamed(const Json& eval) {
  if (eval.empty()) return false;
  bool all_options = true;
  for (const auto& [key, value] : eval.items()) {
    if (!value.is_object()) return false;
    all_options = all_options && IsOption(key);
  }
  return !all_options;
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

}  // namespace

std::vector<EvalSpec> EvalSpecs(const Json& eval, const std::string& path) {
  if (eval.is_null()) return {{}};
  if (!eval.is_object())
    throw Error(path, ": must be an object, options of an evaluation or named evaluations");
  if (!IsNamed(eval)) return {{"", eval}};
  std::vector<EvalSpec> specs;
  for (const auto& [name, options] : eval.items()) {
    CheckName(name, path);
    specs.push_back({name, options});
  }
  return specs;
}

}  // namespace seglab
