#include "data/sets/set_source.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/pairs.h"

namespace seglab {
namespace {

void CheckFolder(const SetOptions& options, const std::string& name, const std::string& layout) {
  const std::string folder = JoinPath(options.root, name);
  if (FolderExists(folder)) return;
  const std::string hint = NearbyRootHint(options.root, name);
  throw Error(options.title, ": no folder ", folder, hint.empty() ? NearestPathHint(folder) : hint,
              "; the root must hold ", layout);
}

}  // namespace

void SetOptions::Read(JsonReader& reader) {
  reader.Has("name");
  root = RequireRoot(reader);
  reader.Get("split", split);
  reader.Get("images", images);
  reader.Get("masks", masks);
  std::string orientation = "seen";
  reader.GetChoice("orientation", orientation, {"seen", "stored"});
  if (orientation == "stored") view = ImageView::kAsStored;
  reader.Get<int64_t>("limit", limit, 0, std::numeric_limits<int64_t>::max());
}

SetOptions SetOptions::FromJson(const Json& json, const std::string& path, const std::string& title,
                                const std::string& images, const std::string& masks) {
  SetOptions options;
  options.title = title;
  options.images = images;
  options.masks = masks;
  JsonReader reader(json, path);
  options.Read(reader);
  reader.Finish();
  return options;
}

PairSource FindSet(const SetOptions& options, const SetNames& names, LabelSet labels,
                   const std::string& layout) {
  CheckRoot(options.root, options.title);
  CheckFolder(options, options.images, layout);
  CheckFolder(options, options.masks, layout);
  PairSource source;
  source.title = options.title;
  source.labels = std::move(labels);
  source.view = options.view;
  source.list = names.list;
  const std::string masks = JoinPath(options.root, options.masks);
  source.images = std::make_shared<FileTable>(JoinPath(options.root, options.images),
                                              FileTableOptions{names.image_pattern, "", masks});
  source.masks = {std::make_shared<FileTable>(
      masks, FileTableOptions{names.mask_pattern, names.mask_extension, ""})};
  if (!names.list.empty() && !FileExists(names.list)) {
    throw Error(options.title, ": no list ", names.list, NearestPathHint(names.list),
                "; the root must hold ", layout);
  }
  source.pairs = names.list.empty() ? AllPairs(*source.images, source.masks)
                                    : ListedPairs(names.list, *source.images, source.masks,
                                                  {options.root}, names.first_column);
  KeepFirst(source.pairs, options.limit);
  return source;
}

std::shared_ptr<const Dataset> MakeListedSet(const SetOptions& options, const LabelSet& labels,
                                             const std::string& layout) {
  SetNames names;
  names.mask_extension = ".mat";
  names.list = JoinPath(options.root, (options.split.empty() ? "train" : options.split) + ".txt");
  PairSource source = FindSet(options, names, labels, layout);
  CountFromOne(source);
  return MakePairDataset(std::move(source));
}

std::string CheckedSplit(const std::string& split, const std::vector<std::string>& splits,
                         const std::string& title) {
  if (split.empty()) return splits.front();
  if (std::find(splits.begin(), splits.end(), split) != splits.end()) return split;
  throw Error(title, ": ", UnknownName("split", split, splits));
}

LabelSet LabelTable(const char* names, const char* colors) {
  LabelSet labels;
  std::string_view rest = names;
  while (!rest.empty()) {
    const size_t bar = rest.find('|');
    labels.names.emplace_back(rest.substr(0, bar));
    rest.remove_prefix(bar == std::string_view::npos ? rest.size() : bar + 1);
  }
  const std::string digits = colors;
  for (int i = 0; i < labels.size(); ++i) {
    if (digits.empty()) {
      labels.palette.push_back(VocColor(i));
      continue;
    }
    const int rgb = std::stoi(digits.substr(6 * i, 6), nullptr, 16);
    labels.palette.push_back({static_cast<uint8_t>(rgb >> 16), static_cast<uint8_t>(rgb >> 8),
                              static_cast<uint8_t>(rgb)});
  }
  return labels;
}

void CountFromOne(PairSource& source) {
  source.values.Set(0, kIgnoreLabel);
  for (int i = 0; i < source.labels.size(); ++i) source.values.Set(i + 1, static_cast<uint8_t>(i));
}

}  // namespace seglab
