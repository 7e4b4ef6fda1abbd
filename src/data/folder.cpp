#include "data/folder.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/classes.h"
#include "data/pair_dataset.h"
#include "data/pairs.h"

namespace seglab {
namespace {

Classes ReadClasses(const FolderOptions& options) {
  if (options.classes.is_object()) return ClassesFromJson(options.classes, "classes");
  const std::string file = JoinPath(options.root, options.classes.get<std::string>());
  if (!FileExists(file)) {
    throw Error("folder: no file ", file, NearestPathHint(file),
                "; it must name the classes: {\"names\": [\"sky\", ...]}");
  }
  return ClassesFromJson(ReadJsonFile(file), file);
}

/// Where images, masks and the list of one split are.
struct Places {
  std::string images, masks, list;
};

bool IsAbsolute(const std::string& path) { return std::filesystem::path(path).is_absolute(); }

/// The folders "<name>/<split>" of images and masks.
Places InnerPlaces(const FolderOptions& options, const std::string& split) {
  return {JoinPath(JoinPath(options.root, options.images), split),
          JoinPath(JoinPath(options.root, options.masks), split), ""};
}

bool AreThere(const Places& places) {
  return FolderExists(places.images) && FolderExists(places.masks);
}

Places FindPlaces(const FolderOptions& options) {
  const std::string split_folder = JoinPath(options.root, options.split);
  Places whole = {JoinPath(options.root, options.images), JoinPath(options.root, options.masks),
                  ""};
  if (options.split.empty()) return whole;
  const std::string outer_images = JoinPath(split_folder, options.images);
  if (!IsAbsolute(options.images) && FolderExists(outer_images)) {
    return {outer_images, JoinPath(split_folder, options.masks), ""};
  }
  if (const Places inner = InnerPlaces(options, options.split); AreThere(inner)) return inner;
  for (const std::string& list : {split_folder + ".txt", split_folder, options.split}) {
    if (!FileExists(list)) continue;
    whole.list = list;
    return whole;
  }
  const std::vector<std::string> splits = FolderSplits(options);
  throw Error("folder: neither a folder ", outer_images, " nor a list ", split_folder,
              ".txt: ", UnknownName("split", options.split, splits),
              splits.empty() ? "; leave \"split\" out for all samples, or draw one: \"split\": "
                               "{\"fraction\": 0.8, \"seed\": 1, \"part\": \"train\"}"
                             : "");
}

void CheckThere(const FolderOptions& options, const std::string& folder, const std::string& name) {
  if (FolderExists(folder)) return;
  const std::vector<std::string> splits = FolderSplits(options);
  std::string hint = " (\"split\" can be " + Join(splits) + ")";
  if (splits.empty()) hint = NearbyRootHint(options.root, name);
  if (hint.empty()) hint = NearestPathHint(folder);
  throw Error("folder: no folder ", folder, hint, "; give \"images\" and \"masks\" their names");
}

/// A text file beside the data that is no list of samples.
bool IsOtherText(const std::string& stem) {
  static constexpr std::array<const char*, 7> kNames = {
      "readme", "license", "classes", "labels", "names", "labelmap", "class_names"};
  std::string lower = stem;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(kNames.begin(), kNames.end(), lower) != kNames.end();
}

}  // namespace

std::vector<std::string> FolderSplits(const FolderOptions& options) {
  std::vector<std::string> splits;
  if (!FolderExists(options.root)) return splits;
  for (const std::string& name : ListFolders(options.root)) {
    if (FolderExists(JoinPath(JoinPath(options.root, name), options.images)))
      splits.push_back(name);
  }
  for (const std::string& name : ListFiles(options.root, {".txt"})) {
    if (!IsSystemName(name) && !IsOtherText(Stem(name))) splits.push_back(Stem(name));
  }
  for (const std::string& name : ListFolders(JoinPath(options.root, options.images))) {
    // Folders of a data set that is sorted into some are no splits.
    if ((name == "train" || name == "val" || name == "test") &&
        AreThere(InnerPlaces(options, name))) {
      splits.push_back(name);
    }
  }
  std::sort(splits.begin(), splits.end());
  splits.erase(std::unique(splits.begin(), splits.end()), splits.end());
  return splits;
}

FolderOptions FolderOptions::FromJson(const Json& json, const std::string& path) {
  FolderOptions options;
  JsonReader reader(json, path);
  reader.Has("name");
  options.root = RequireRoot(reader);
  reader.Get("split", options.split);
  reader.Get("images", options.images);
  reader.Get("masks", options.masks);
  if (reader.Get("image_pattern", options.image_pattern))
    CheckPattern(options.image_pattern, reader.Path("image_pattern"));
  if (reader.Get("mask_pattern", options.mask_pattern))
    CheckPattern(options.mask_pattern, reader.Path("mask_pattern"));
  if (reader.Get("classes", options.classes) && !options.classes.is_object() &&
      !options.classes.is_string()) {
    throw Error(reader.Path("classes"), ": must be a file's path or an object {\"names\": [...]}");
  }
  std::string orientation = "seen";
  reader.GetChoice("orientation", orientation, {"seen", "stored"});
  if (orientation == "stored") options.view = ImageView::kAsStored;
  reader.Get<int64_t>("limit", options.limit, 0, std::numeric_limits<int64_t>::max());
  reader.Finish();
  return options;
}

std::shared_ptr<const Dataset> MakeFolder(const FolderOptions& options) {
  CheckRoot(options.root, "folder");
  const Places places = FindPlaces(options);
  // A list of pairs needs no folders: its paths may begin at the root.
  const bool listed = !places.list.empty();
  if (!listed) CheckThere(options, places.images, options.images);
  if (!listed) CheckThere(options, places.masks, options.masks);
  const Classes classes = ReadClasses(options);
  PairSource source;
  source.title = "folder";
  source.has_mask_pattern = true;
  source.list = places.list;
  FileTableOptions look = {options.image_pattern, "", ""};
  if (places.masks != places.images) look.without = places.masks;
  const auto table = [](const std::string& folder, const FileTableOptions& what) {
    return FolderExists(folder) ? std::make_shared<FileTable>(folder, what)
                                : std::make_shared<FileTable>();
  };
  source.images = table(places.images, look);
  source.masks = {table(places.masks, {options.mask_pattern, "", ""})};
  source.pairs = listed ? ListedPairs(source.list, *source.images, source.masks, {options.root})
                        : AllPairs(*source.images, source.masks);
  if (!AllHaveImages(source.pairs)) CheckThere(options, places.images, options.images);
  if (!AllHaveMasks(source.pairs)) CheckThere(options, places.masks, options.masks);
  KeepFirst(source.pairs, options.limit);
  source.labels = classes.labels;
  source.values = classes.values;
  source.view = options.view;
  return MakePairDataset(std::move(source));
}

}  // namespace seglab
