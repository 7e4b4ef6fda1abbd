#include "data/camvid.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/pair_dataset.h"
#include "data/pairs.h"

namespace seglab {
namespace {

/// The folders that have a partner "<name>annot".
std::vector<std::string> SplitsIn(const std::string& root) {
  const std::vector<std::string> folders = ListFolders(root);
  std::vector<std::string> splits;
  for (const std::string& name : folders) {
    if (std::binary_search(folders.begin(), folders.end(), name + "annot")) splits.push_back(name);
  }
  return splits;
}

constexpr uint8_t kVoidOfCamvid = 11;

}  // namespace

CamvidOptions CamvidOptions::FromJson(const Json& json, const std::string& path) {
  CamvidOptions options;
  JsonReader reader(json, path);
  reader.Has("name");
  options.root = RequireRoot(reader);
  reader.Get("split", options.split);
  reader.Get<int64_t>("limit", options.limit, 0, std::numeric_limits<int64_t>::max());
  reader.Finish();
  return options;
}

const LabelSet& CamvidLabels() {
  static const LabelSet labels = {{"Sky", "Building", "Pole", "Road", "Pavement", "Tree",
                                   "SignSymbol", "Fence", "Car", "Pedestrian", "Bicyclist"},
                                  {{128, 128, 128},
                                   {128, 0, 0},
                                   {192, 192, 128},
                                   {128, 64, 128},
                                   {60, 40, 222},
                                   {128, 128, 0},
                                   {192, 128, 128},
                                   {64, 64, 128},
                                   {64, 0, 128},
                                   {64, 64, 0},
                                   {0, 128, 192}}};
  return labels;
}

std::shared_ptr<const Dataset> MakeCamvid(const CamvidOptions& options) {
  CheckRoot(options.root, "camvid");
  if (options.split.empty()) throw Error("camvid: \"split\" is empty; it is train, val or test");
  const std::string images = JoinPath(options.root, options.split), masks = images + "annot";
  if (!FolderExists(images) || !FolderExists(masks)) {
    const std::vector<std::string> splits = SplitsIn(options.root);
    if (splits.empty()) {
      throw Error("camvid: ", options.root, " holds no ", options.split, " and ", options.split,
                  "annot", NearbyRootHint(options.root, options.split + "annot"),
                  "; the SegNet layout has both, images in the one and masks in the other");
    }
    throw Error("camvid: ", options.root, ": ", UnknownName("split", options.split, splits));
  }
  PairSource source;
  source.title = "camvid";
  source.images = std::make_shared<FileTable>(images);
  source.masks = {std::make_shared<FileTable>(masks)};
  source.pairs = AllPairs(*source.images, source.masks);
  KeepFirst(source.pairs, options.limit);
  source.labels = CamvidLabels();
  source.values.Set(kVoidOfCamvid, kIgnoreLabel);
  source.values.SetPalette(source.labels);
  source.values.SetColor({0, 0, 0}, kIgnoreLabel);
  return MakePairDataset(std::move(source));
}

}  // namespace seglab
