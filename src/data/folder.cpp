#include "data/folder.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/masks.h"
#include "data/pairs.h"

namespace seglab {
namespace {

struct Classes {
  LabelSet labels;
  MaskValues values;
};

/// "255", a mask's raw value as key or member.
uint8_t RawValue(const std::string& text, const std::string& where) {
  const bool digits = !text.empty() && text.size() <= 3 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  const int value = digits ? std::stoi(text) : -1;
  if (value < 0 || value > 255)
    throw Error(where, ": ", text, " is no mask value, these are 0 to 255");
  return static_cast<uint8_t>(value);
}

MaskValues ReadMaskValues(JsonReader& reader, int classes) {
  MaskValues values;
  if (Json meanings; reader.Get("values", meanings)) {
    const std::string path = reader.Path("values");
    if (!meanings.is_object())
      throw Error(path, ": must be an object, {\"mask value\": class}, as in {\"255\": 1}");
    JsonReader each(meanings, path);
    for (const auto& [raw, meaning] : meanings.items()) {
      const uint8_t value = RawValue(raw, path);
      const int label = each.Require<int>(raw);
      if (label != kIgnoreLabel && (label < 0 || label >= classes)) {
        throw Error(each.Path(raw), ": ", label, " is no class, these are 0 to ", classes - 1,
                    ", and 255 is void");
      }
      values.Set(value, static_cast<uint8_t>(label));
    }
  }
  std::vector<int> ignore;
  reader.Get("ignore", ignore);
  for (int value : ignore)
    values.Set(RawValue(std::to_string(value), reader.Path("ignore")), kIgnoreLabel);
  return values;
}

Color ReadColor(const std::vector<int>& rgb, const std::string& where) {
  if (rgb.size() != 3) throw Error(where, ": a color is [r, g, b], found ", rgb.size(), " numbers");
  Color color;
  for (int c = 0; c < 3; ++c) {
    if (rgb[c] < 0 || rgb[c] > 255) throw Error(where, ": ", rgb[c], " is outside of 0 to 255");
    color[c] = static_cast<uint8_t>(rgb[c]);
  }
  return color;
}

Classes ReadClasses(const std::string& file) {
  if (!FileExists(file)) {
    throw Error("folder: no file ", file,
                "; it must name the classes: {\"names\": [\"sky\", ...]}");
  }
  const Json json = ReadJsonFile(file);
  JsonReader reader(json, file);
  Classes classes;
  LabelSet& labels = classes.labels;
  labels.names = reader.Require<std::vector<std::string>>("names");
  if (labels.names.empty() || labels.size() > kIgnoreLabel) {
    throw Error(reader.Path("names"), ": ", labels.size(), " classes, there must be 1 to ",
                kIgnoreLabel, " (", kIgnoreLabel, " itself is void)");
  }
  std::set<std::string> seen;
  for (const std::string& name : labels.names) {
    if (!seen.insert(name).second) {
      throw Error(reader.Path("names"), ": \"", name, "\" stands there twice");
    }
  }

  std::vector<std::vector<int>> palette;
  if (reader.Get("palette", palette)) {
    if (palette.size() != labels.names.size()) {
      throw Error(reader.Path("palette"), ": ", palette.size(), " colors for ", labels.size(),
                  " names; give one color a class, or leave the palette out");
    }
    for (const std::vector<int>& rgb : palette) {
      labels.palette.push_back(ReadColor(rgb, reader.Path("palette")));
    }
  } else {
    for (int i = 0; i < labels.size(); ++i) labels.palette.push_back(VocColor(i));
  }

  classes.values = ReadMaskValues(reader, labels.size());
  reader.Finish();
  return classes;
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
