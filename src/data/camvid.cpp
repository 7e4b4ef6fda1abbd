#include "data/camvid.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
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

class Camvid : public Dataset {
 public:
  explicit Camvid(const CamvidOptions& options) {
    CheckRoot(options.root, "camvid");
    if (options.split.empty()) throw Error("camvid: \"split\" is empty; it is train, val or test");
    images_ = JoinPath(options.root, options.split);
    masks_ = images_ + "annot";
    if (!FolderExists(images_) || !FolderExists(masks_)) {
      const std::vector<std::string> splits = SplitsIn(options.root);
      if (splits.empty()) {
        throw Error("camvid: ", options.root, " holds no ", options.split, " and ", options.split,
                    "annot", NearbyRootHint(options.root, options.split + "annot"),
                    "; the SegNet layout has both, images in the one and masks in the other");
      }
      throw Error("camvid: ", options.root, ": ", UnknownName("split", options.split, splits));
    }
    files_ = ListImages(images_);
    KeepFirst(files_, options.limit);
    values_.Set(kVoid, kIgnoreLabel);
  }

  int64_t Size() const override { return static_cast<int64_t>(files_.size()); }
  std::string Name(int64_t index) const override { return Stem(files_.at(index)); }
  const LabelSet& Labels() const override { return CamvidLabels(); }

  std::vector<std::string> Files(int64_t index) const override {
    return {JoinPath(images_, files_.at(index)), JoinPath(masks_, Name(index) + ".png")};
  }
  Json Settings() const override { return {{"values", MaskValuesToJson(values_)}}; }

  Sample Get(int64_t index) const override {
    const std::string image = JoinPath(images_, files_.at(index));
    const std::string mask = JoinPath(masks_, Name(index) + ".png");
    if (!FileExists(mask)) throw Error(mask, ": no such mask, but there is the image ", image);
    return ReadPair(Name(index), image, mask, CamvidLabels(), values_);
  }

 private:
  static constexpr uint8_t kVoid = 11;

  std::string images_;
  std::string masks_;
  std::vector<std::string> files_;
  MaskValues values_;
};

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
  return std::make_shared<Camvid>(options);
}

}  // namespace seglab
