#include "data/folder.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/pairs.h"

namespace seglab {
namespace {

Classes ReadClasses(const std::string& file) {
  if (!FileExists(file)) {
    throw Error("folder: no file ", file,
                "; it must name the classes: {\"names\": [\"sky\", ...]}");
  }
  return ClassesFromJson(ReadJsonFile(file), file);
}

/// Names that `split` can have: folders that hold `images`, and lists.
std::vector<std::string> SplitsIn(const FolderOptions& options) {
  std::vector<std::string> splits;
  for (const std::string& name : ListFolders(options.root)) {
    if (FolderExists(JoinPath(JoinPath(options.root, name), options.images)))
      splits.push_back(name);
  }
  for (const std::string& name : ListFiles(options.root, {".txt"})) splits.push_back(Stem(name));
  return splits;
}

class Folder : public Dataset {
 public:
  explicit Folder(const FolderOptions& options) {
    CheckRoot(options.root, "folder");
    const std::string split_folder = JoinPath(options.root, options.split);
    const bool absolute = std::filesystem::path(options.images).is_absolute();
    const bool by_folder =
        !options.split.empty() && !absolute && FolderExists(JoinPath(split_folder, options.images));
    const std::string& parent = by_folder ? split_folder : options.root;
    images_ = JoinPath(parent, options.images);
    masks_ = JoinPath(parent, options.masks);

    std::string list;
    if (!options.split.empty() && !by_folder) {
      list = split_folder + ".txt";
      if (!FileExists(list)) {
        throw Error("folder: neither a folder ", JoinPath(split_folder, options.images),
                    " nor a list ", list, ": ",
                    UnknownName("split", options.split, SplitsIn(options)));
      }
    }
    for (const std::string& folder : {images_, masks_}) {
      if (FolderExists(folder)) continue;
      const std::string& name = folder == images_ ? options.images : options.masks;
      const std::vector<std::string> splits = SplitsIn(options);
      throw Error("folder: no folder ", folder,
                  splits.empty() ? NearbyRootHint(options.root, name)
                                 : " (\"split\" can be " + Join(splits) + ")",
                  "; give \"images\" and \"masks\" their names");
    }
    const Classes classes = ReadClasses(JoinPath(options.root, options.classes));
    labels_ = classes.labels;
    values_ = classes.values;

    const std::vector<std::string> files = ListImages(images_);
    if (list.empty()) {
      for (const std::string& file : files) items_.push_back({Stem(file), file});
    } else {
      std::map<std::string, std::string> by_stem;
      for (const std::string& file : files) by_stem.emplace(Stem(file), file);
      for (const std::string& stem : ReadIdList(list)) {
        const auto found = by_stem.find(stem);
        items_.push_back({stem, found == by_stem.end() ? "" : found->second});
      }
    }
    KeepFirst(items_, options.limit);
  }

  int64_t Size() const override { return static_cast<int64_t>(items_.size()); }
  std::string Name(int64_t index) const override { return items_.at(index).stem; }
  const LabelSet& Labels() const override { return labels_; }

  std::vector<std::string> Files(int64_t index) const override {
    const auto& [stem, file] = items_.at(index);
    return {JoinPath(images_, file.empty() ? stem : file), JoinPath(masks_, stem + ".png")};
  }
  Json Settings() const override { return {{"values", MaskValuesToJson(values_)}}; }

  Sample Get(int64_t index) const override {
    const auto& [stem, file] = items_.at(index);
    if (file.empty()) {
      throw Error(JoinPath(images_, stem),
                  ": no such image (.jpg, .jpeg, .png, .bmp), but the list ",
                  "of the split names it");
    }
    const std::string image = JoinPath(images_, file);
    const std::string mask = JoinPath(masks_, stem + ".png");
    if (!FileExists(mask)) throw Error(mask, ": no such mask, but there is the image ", image);
    return ReadPair(stem, image, mask, labels_, values_);
  }

 private:
  struct Item {
    std::string stem;
    std::string file;  // name of the image; empty: a list names it, but it is not there
  };

  std::string images_;
  std::string masks_;
  LabelSet labels_;
  MaskValues values_;
  std::vector<Item> items_;
};

}  // namespace

FolderOptions FolderOptions::FromJson(const Json& json, const std::string& path) {
  FolderOptions options;
  JsonReader reader(json, path);
  reader.Has("name");
  options.root = RequireRoot(reader);
  reader.Get("split", options.split);
  reader.Get("images", options.images);
  reader.Get("masks", options.masks);
  reader.Get("classes", options.classes);
  reader.Get<int64_t>("limit", options.limit, 0, std::numeric_limits<int64_t>::max());
  reader.Finish();
  return options;
}

std::shared_ptr<const Dataset> MakeFolder(const FolderOptions& options) {
  return std::make_shared<Folder>(options);
}

}  // namespace seglab
