#include "regions/proposal_options.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/names.h"
#include "regions/grouping.h"

namespace seglab {
namespace {

constexpr double kMaxThreshold = 1e6, kMaxSigma = 20;
constexpr int kMaxWidth = 10000;

ColorSpace ParseColor(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const ColorSpaceRow& row : ColorSpaceRows()) {
    if (row.name == name) return row.space;
    names.push_back(row.name);
  }
  throw Error(where, ": ", UnknownName("colour space", name, names));
}

std::string NameOf(ColorSpace space) {
  const auto& rows = ColorSpaceRows();
  return std::find_if(rows.begin(), rows.end(),
                      [space](const auto& row) { return row.space == space; })
      ->name;
}

template <typename T>
void CheckList(const std::vector<T>& list, const std::string& where) {
  if (list.empty()) throw Error(where, ": is empty, must name at least one");
  for (auto i = list.begin(); i != list.end(); ++i) {
    if (std::find(list.begin(), i, *i) != i) {
      throw Error(where, ": element ", i - list.begin(),
                  " stands there twice; its hierarchies would be the same, remove one");
    }
  }
}

}  // namespace

ProposalOptions ProposalOptions::Quality() {
  ProposalOptions options;
  options.colors.clear();
  for (const ColorSpaceRow& row : ColorSpaceRows()) options.colors.push_back(row.space);
  options.similarities = {"CTSF", "TSF", "F", "S"};
  options.ks = {50, 100, 150, 300};
  return options;
}

ProposalOptions ProposalOptions::FromJson(const Json& json, const std::string& path) {
  if (json.is_string()) return FromJson(Json{{"mode", json}}, path);
  JsonReader reader(json, path);
  std::string mode = "fast";
  reader.GetChoice("mode", mode, {"fast", "quality"});
  ProposalOptions options = mode == "fast" ? Fast() : Quality();
  std::vector<std::string> names;
  if (reader.Get("colors", names)) {
    options.colors.clear();
    for (const std::string& name : names) {
      options.colors.push_back(ParseColor(name, reader.Path("colors")));
    }
  }
  reader.Get("similarities", options.similarities);
  reader.Get("ks", options.ks);
  reader.Get("sigma", options.sigma);
  reader.Get("width", options.width);
  reader.Get("min_side", options.min_side);
  reader.Get("seed", options.seed);
  reader.Get("max_regions", options.max_regions);
  std::string duplicates;
  if (reader.GetChoice("duplicates", duplicates, {"masks", "boxes"})) {
    options.duplicates = duplicates == "masks" ? Duplicates::kMasks : Duplicates::kBoxes;
  }
  reader.Finish();
  options.Check(path);
  return options;
}

Json ProposalOptions::ToJson() const {
  Json names = Json::array();
  for (ColorSpace color : colors) names.push_back(NameOf(color));
  return {{"colors", names},
          {"similarities", similarities},
          {"ks", ks},
          {"sigma", sigma},
          {"width", width},
          {"min_side", min_side},
          {"seed", seed},
          {"max_regions", max_regions},
          {"duplicates", duplicates == Duplicates::kMasks ? "masks" : "boxes"}};
}

void ProposalOptions::Check(const std::string& where) const {
  CheckList(colors, where + ".colors");
  CheckList(similarities, where + ".similarities");
  for (const std::string& letters : similarities)
    Similarity::Parse(letters, where + ".similarities");
  CheckList(ks, where + ".ks");
  for (double k : ks) {
    if (!(k >= 1 && k <= kMaxThreshold)) {
      throw Error(where, ".ks: has ", k, ", must be 1 to ", kMaxThreshold);
    }
  }
  if (!(sigma >= 0 && sigma <= kMaxSigma)) {
    throw Error(where, ".sigma: is ", sigma, ", must be 0 (none) to ", kMaxSigma, " pixels");
  }
  if (width < 0 || width > kMaxWidth) {
    throw Error(where, ".width: is ", width, ", must be 1 to ", kMaxWidth,
                " pixels, or 0 to leave images as they are");
  }
  if (min_side < 0) throw Error(where, ".min_side: is ", min_side, ", must be 0 or more pixels");
  if (max_regions < 0) {
    throw Error(where, ".max_regions: is ", max_regions, ", must be 1 or more, or 0 for all");
  }
}

}  // namespace seglab
