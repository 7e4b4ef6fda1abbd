#include "weights/traits.h"

#include <optional>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "models/registry.h"
#include "weights/caffe_network.h"
#include "weights/checkpoint_file.h"

namespace seglab {
namespace {

/// "\"activation\": \"relu6\"", or "" where the network has no such trait.
std::string TraitText(const NetworkTraits& traits, const std::string& name) {
  const auto found = traits.find(name);
  return found == traits.end() ? "" : StrCat("\"", name, "\": \"", found->second, "\"");
}

void WarnOfOther(const std::string& theirs, const std::string& ours, const std::string& path) {
  std::string text = "its network had " + theirs + ", this one has " + ours;
  if (ours.empty()) text = "its network had " + theirs + ", this one has not";
  if (theirs.empty()) text = "its network had not " + ours + ", this one has";
  Log::Warn(path, ": ", text, "; the weights fit, but do not compute what they did there");
}

}  // namespace

bool HasTrait(const NetworkTraits& traits, const std::string& name, const std::string& value) {
  const auto found = traits.find(name);
  return found != traits.end() && found->second == value;
}

void CheckTraits(const TensorFile& file, const SegModel& model, const Json& spec,
                 const std::string& path) {
  if (spec.is_null()) return;
  const NetworkTraits ours = model.Traits();
  CheckCaffeNetwork(file, ours, ModelObject(spec).at("name"), path);
  if (!IsCheckpoint(file)) return;
  const std::optional<NetworkTraits> theirs = CheckpointTraits(file, path);
  if (!theirs) return;
  std::set<std::string> names;
  for (const NetworkTraits& traits : {*theirs, ours}) {
    for (const auto& [name, value] : traits) names.insert(name);
  }
  // A classifier's maps are cropped nowhere, and its head has no rates: it starts networks of any.
  if (ModelTask(CheckpointSpec(file, path), path + " (model)") != ModelTask(spec)) {
    names.erase("geometry");
    names.erase("rates");
  }
  for (const std::string& name : names) {
    const std::string there = TraitText(*theirs, name), here = TraitText(ours, name);
    if (there != here) WarnOfOther(there, here, path);
  }
}

}  // namespace seglab
