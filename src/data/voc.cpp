#include "data/voc.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/masks.h"
#include "data/pairs.h"

namespace seglab {
namespace {

std::string FindList(const VocOptions& options) {
  const std::string lists = JoinPath(options.root, options.lists);
  const std::string list = JoinPath(lists, options.split + ".txt");
  for (const std::string& path : {list, JoinPath(options.root, options.split), options.split}) {
    if (FileExists(path)) return path;
  }
  if (!FolderExists(lists)) {
    throw Error("voc: no folder ", lists, " and no list file \"", options.split,
                "\"; a split is a list of ids, one a line");
  }
  std::vector<std::string> splits;
  for (const std::string& name : ListFiles(lists, {".txt"})) splits.push_back(Stem(name));
  if (splits.empty()) {
    throw Error("voc: no list \"", options.split, "\", ", lists, " holds no list (.txt) at all");
  }
  throw Error("voc: no list ", list, ": ", UnknownName("split", options.split, splits));
}

class Voc : public Dataset {
 public:
  explicit Voc(const VocOptions& options) {
    CheckRoot(options.root, "voc");
    images_ = JoinPath(options.root, options.images);
    masks_ = JoinPath(options.root, options.masks);
    if (!options.sbd.empty()) sbd_ = JoinPath(options.root, options.sbd);
    if (!FolderExists(images_)) {
      throw Error("voc: no folder ", images_, NearbyRootHint(options.root, options.images),
                  "; the root must hold ", options.images, ", ", options.masks, " and ",
                  options.lists);
    }
    if (!sbd_.empty() && !FolderExists(sbd_)) throw Error("voc: no folder ", sbd_, " (\"sbd\")");
    if (sbd_.empty() && !FolderExists(masks_)) {
      throw Error("voc: no folder ", masks_,
                  "; it must hold the masks <id>.png, or \"sbd\" must name ",
                  "the folder of SBD's labels");
    }
    if (!options.objects.empty()) objects_ = JoinPath(options.root, options.objects);
    if (!objects_.empty() && !FolderExists(objects_))
      throw Error("voc: no folder ", objects_, " (\"objects\")");
    list_ = FindList(options);
    ids_ = ReadIdList(list_);
    KeepFirst(ids_, options.limit);
  }

  int64_t Size() const override { return static_cast<int64_t>(ids_.size()); }
  std::string Name(int64_t index) const override { return ids_.at(index); }
  const LabelSet& Labels() const override { return VocLabels(); }

  std::vector<std::string> Files(int64_t index) const override {
    const std::string& id = ids_.at(index);
    std::vector<std::string> files = {FindImage(id), FindMask(id)};
    if (const std::string objects = ObjectsFile(id); !objects.empty()) files.push_back(objects);
    return files;
  }

  cv::Mat Objects(int64_t index) const override {
    const std::string file = ObjectsFile(ids_.at(index));
    return file.empty() ? cv::Mat() : ReadMask(file);
  }

  Sample Get(int64_t index) const override {
    const std::string& id = ids_.at(index);
    const std::string image = FindImage(id);
    return ReadPair(id, image, FindMask(id), VocLabels());
  }

 private:
  std::string FindImage(const std::string& id) const {
    const std::string image = JoinPath(images_, id + ".jpg");
    if (!FileExists(image)) {
      throw Error(image, ": no such image, but ", list_, " names it; wrong root, or wrong list?");
    }
    return image;
  }

  /// "" where there is none.
  std::string ObjectsFile(const std::string& id) const {
    if (objects_.empty()) return "";
    const std::string file = JoinPath(objects_, id + ".png");
    return FileExists(file) ? file : "";
  }

  std::string FindMask(const std::string& id) const {
    std::vector<std::string> candidates;
    if (!sbd_.empty()) {
      for (const char* form : {"cls/", ""}) {
        for (const char* extension : {".mat", ".png"}) {
          candidates.push_back(JoinPath(sbd_, form + id + extension));
        }
      }
    }
    candidates.push_back(JoinPath(masks_, id + ".png"));
    for (const std::string& path : candidates) {
      if (FileExists(path)) return path;
    }
    throw Error("voc: no mask for \"", id, "\", which ", list_, " names; looked for ",
                Join(candidates));
  }

  std::string images_;
  std::string masks_;
  std::string sbd_;
  std::string objects_;
  std::string list_;
  std::vector<std::string> ids_;
};

}  // namespace

VocOptions VocOptions::FromJson(const Json& json, const std::string& path) {
  VocOptions options;
  JsonReader reader(json, path);
  reader.Has("name");
  options.root = RequireRoot(reader);
  reader.Get("split", options.split);
  reader.Get("images", options.images);
  reader.Get("masks", options.masks);
  reader.Get("lists", options.lists);
  reader.Get("sbd", options.sbd);
  reader.Get("objects", options.objects);
  reader.Get<int64_t>("limit", options.limit, 0, std::numeric_limits<int64_t>::max());
  reader.Finish();
  return options;
}

const LabelSet& VocLabels() {
  static const LabelSet labels = [] {
    LabelSet set;
    set.names = {"background", "aeroplane", "bicycle",   "bird",   "boat",        "bottle",
                 "bus",        "car",       "cat",       "chair",  "cow",         "diningtable",
                 "dog",        "horse",     "motorbike", "person", "pottedplant", "sheep",
                 "sofa",       "train",     "tvmonitor"};
    for (int i = 0; i < set.size(); ++i) set.palette.push_back(VocColor(i));
    return set;
  }();
  return labels;
}

std::shared_ptr<const Dataset> MakeVoc(const VocOptions& options) {
  return std::make_shared<Voc>(options);
}

}  // namespace seglab
