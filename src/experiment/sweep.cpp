#include "experiment/sweep.h"

#include <algorithm>

#include "base/error.h"
#include "base/names.h"
#include "experiment/settings.h"

namespace seglab {
namespace {

/// A value as it stands in a run's name: "vgg16", "3", the "name" of an object.
std::string ShortText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.contains("name") && value["name"].is_string()) {
    return value["name"].get<std::string>();
  }
  return value.dump();
}

/// The points of one list: "model.backbone": ["vgg16", "vgg19"].
std::vector<SweepPoint> ValuePoints(const std::string& key, const Json& values,
                                    const std::string& path) {
  if (!IsRunKey(key)) {
    throw Error(path, ": only keys of a run can be swept: ", Join(RunKeys()));
  }
  std::vector<SweepPoint> points;
  for (const Json& value : values) {
    const std::string text = key.substr(key.rfind('.') + 1) + "=" + ShortText(value);
    points.push_back({{{key, value}}, {}, {{key, text}}});
  }
  return points;
}

/// The points of one set of variants: "trunk": {"big": {"model": {...}}, "small": {...}}.
std::vector<SweepPoint> VariantPoints(const std::string& key, const Json& variants,
                                      const std::string& path) {
  if (IsRunKey(key)) {
    throw Error(path, ": must be a list of values; named variants need a name of their own, not \"",
                key, "\"");
  }
  std::vector<std::string> keys = RunKeys();
  keys.push_back("init");
  std::vector<SweepPoint> points;
  for (const auto& [name, members] : variants.items()) {
    JsonReader reader(members, path + "." + name);
    for (const std::string& known : keys) reader.Has(known);
    reader.Finish();
    points.push_back({{}, {{name, &members}}, {{key, name}}});
  }
  return points;
}

}  // namespace

std::string SweepPoint::Suffix(bool with_seed) const {
  std::vector<std::string> parts;
  for (const auto& [key, text] : name_parts) {
    if (with_seed || key != "seed") parts.push_back(text);
  }
  return parts.empty() ? "" : " [" + Join(parts) + "]";
}

std::vector<Factor> SweepPoint::Factors() const {
  std::vector<Factor> factors;
  for (const auto& [key, text] : name_parts) {
    if (key == "seed") continue;
    const std::string name = key.substr(key.rfind('.') + 1);
    factors.push_back({name, text.starts_with(name + "=") ? text.substr(name.size() + 1) : text});
  }
  return factors;
}

std::vector<SweepPoint> SweepPoints(const Json& sweep, const std::string& path, size_t entries) {
  std::vector<SweepPoint> points = {{}};
  for (const auto& [key, values] : sweep.items()) {
    const std::string where = path + "." + key;
    if (!values.is_structured() || values.empty()) {
      throw Error(where, ": must be a list of values, or an object of named variants");
    }
    // Each factor is far below 2^32.
    if (points.size() * values.size() > kMostRuns / std::min(entries, kMostRuns)) {
      throw Error(where, ": with it the experiment has ", entries * points.size() * values.size(),
                  " runs or more, and ", kMostRuns, " is the most; give fewer values");
    }
    const std::vector<SweepPoint> added =
        values.is_array() ? ValuePoints(key, values, where) : VariantPoints(key, values, where);
    std::vector<SweepPoint> longer;
    for (const SweepPoint& point : points) {
      for (const SweepPoint& next : added) {
        longer.push_back(point);
        SweepPoint& both = longer.back();
        both.values.insert(both.values.end(), next.values.begin(), next.values.end());
        both.variants.insert(both.variants.end(), next.variants.begin(), next.variants.end());
        both.name_parts.insert(both.name_parts.end(), next.name_parts.begin(),
                               next.name_parts.end());
      }
    }
    points = std::move(longer);
  }
  return points;
}

}  // namespace seglab
