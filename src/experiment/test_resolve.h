#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/test_error.h"
#include "experiment/resolve.h"

// Helpers of this room's tests.
namespace seglab {

/// The experiment of a file "x.json" with this text.
inline Experiment Resolve(const std::string& text, const std::vector<std::string>& settings = {},
                          const std::string& data_root = "") {
  return ResolveExperiment(ParseJson(text, "x.json"), "x.json", "x", settings, data_root);
}

inline std::string ResolveError(const std::string& text,
                                const std::vector<std::string>& settings = {}) {
  return ErrorOf([&] { Resolve(text, settings); });
}

inline std::vector<std::string> Names(const Experiment& experiment) {
  std::vector<std::string> names;
  for (const RunSpec& run : experiment.runs) names.push_back(run.name);
  return names;
}

inline const RunSpec& Find(const Experiment& experiment, std::string_view name) {
  for (const RunSpec& run : experiment.runs) {
    if (run.name == name) return run;
  }
  throw std::logic_error("no run " + std::string(name));
}

}  // namespace seglab
