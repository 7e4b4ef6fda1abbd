#include "data/registry.h"

#include <limits>

#include "base/error.h"
#include "base/names.h"
#include "data/camvid.h"
#include "data/drawn_split.h"
#include "data/folder.h"
#include "data/region_crops.h"
#include "data/sets/ade20k.h"
#include "data/sets/cityscapes.h"
#include "data/sets/coco.h"
#include "data/sets/coco_stuff.h"
#include "data/sets/nyudv2.h"
#include "data/sets/oxford_pets.h"
#include "data/sets/pascal_context.h"
#include "data/sets/sift_flow.h"
#include "data/shapes/shapes.h"
#include "data/voc.h"

namespace seglab {
namespace {

using Maker = std::shared_ptr<const Dataset> (*)(const Json& options, const std::string& path);

template <typename Options, std::shared_ptr<const Dataset> (*Make)(const Options&)>
std::shared_ptr<const Dataset> MakeFromJson(const Json& options, const std::string& path) {
  return Make(Options::FromJson(options, path));
}

struct Entry {
  DatasetRow row;
  Maker make;
};

const std::vector<Entry>& Entries() {
  static const std::vector<Entry> entries = {
      {{"voc",
        "PASCAL VOC's folders, 21 classes; SBD's labels (.mat) too",
        {"train", "val", "trainval"},
        true},
       MakeFromJson<VocOptions, MakeVoc>},
      {{"camvid",
        "CamVid in the SegNet layout, 11 classes of road scenes",
        {"train", "val", "test"},
        true},
       MakeFromJson<CamvidOptions, MakeCamvid>},
      {{"cityscapes",
        "Cityscapes as unpacked, 19 classes; \"labels\": ids or train_ids",
        {"train", "val", "test"},
        true},
       MakeCityscapes},
      {{"ade20k", "ADE20K's scene parsing challenge, 150 classes", {"train", "val"}, true},
       MakeAde20k},
      {{"pascal_context", "PASCAL-Context, \"classes\": 60 or 59", {"train", "val"}, true},
       MakePascalContext},
      {{"nyudv2", "NYU Depth v2, 40 classes, colors alone", {"train", "val", "test"}, true},
       MakeNyudv2},
      {{"sift_flow", "SIFT Flow, 33 classes", {"train", "val", "test"}, true}, MakeSiftFlow},
      {{"coco", "COCO's objects (80 classes) or panoptic segments (133)", {"train", "val"}, true},
       MakeCoco},
      {{"coco_stuff", "COCO-Stuff's pixel maps, 171 classes", {"train", "val"}, true},
       MakeCocoStuff},
      {{"oxford_pets", "Oxford's pets, background and pet", {"train", "val", "test"}, true},
       MakeOxfordPets},
      {{"folder", "your own images and masks in two folders, with a classes.json", {}, true},
       MakeFromJson<FolderOptions, MakeFolder>},
      {{"shapes",
        "built in: textured scenes with ten kinds of objects, no files needed",
        {"train", "val", "test"},
        false},
       MakeFromJson<ShapesOptions, MakeShapes>},
      {{"shapes_classes",
        "built in: one object a picture, for classification",
        {"train", "val", "test"},
        false},
       MakeFromJson<ShapesClassesOptions, MakeShapesClasses>},
  };
  return entries;
}

const Entry& EntryOf(const Json& options, const std::string& path) {
  JsonReader reader(options, path);
  const auto name = reader.Require<std::string>("name");
  std::vector<std::string> names;
  for (const Entry& entry : Entries()) {
    if (entry.row.name == name) return entry;
    names.push_back(entry.row.name);
  }
  throw Error(reader.Path("name"), ": ", UnknownName("data set", name, names));
}

/// The part that "split": {...} tells of what the other options tell. "limit" counts behind it.
std::shared_ptr<const Dataset> MakeDrawn(const Json& options, const std::string& path) {
  const DrawnSplit split = DrawnSplit::FromJson(options["split"], path + ".split");
  Json whole = options;
  whole.erase("split");
  int64_t limit = 0;
  JsonReader(options, path).Get<int64_t>("limit", limit, 0, std::numeric_limits<int64_t>::max());
  whole.erase("limit");
  if (!split.of.empty()) whole["split"] = split.of;
  return FirstSamples(DrawPart(MakeDataset(whole, path), split, path + ".split"), limit);
}

}  // namespace

const std::vector<DatasetRow>& DatasetRows() {
  static const std::vector<DatasetRow> rows = [] {
    std::vector<DatasetRow> all;
    for (const Entry& entry : Entries()) all.push_back(entry.row);
    return all;
  }();
  return rows;
}

std::shared_ptr<const Dataset> MakeDataset(const Json& options, const std::string& path) {
  if (options.is_object() && options.contains("regions")) {
    Json images = options;
    images.erase("regions");
    const auto regions = RegionCropsOptions::FromJson(options["regions"], path + ".regions");
    const std::shared_ptr<const Dataset> whole = MakeDataset(images, path);
    if (whole->GetTask() != Task::kSegmentation)
      throw Error(path, ".regions: the data set has no label maps; take one of segmentation");
    return MakeRegionCrops(whole, regions);
  }
  if (options.is_object() && options.contains("split") && options["split"].is_object()) {
    return MakeDrawn(options, path);
  }
  return EntryOf(options, path).make(options, path);
}

std::vector<std::string> SplitsOf(const Json& options, const std::string& path) {
  const Entry& entry = EntryOf(options, path);
  if (entry.row.name != "folder") return entry.row.splits;
  Json whole = options;
  whole.erase("split");
  return FolderSplits(FolderOptions::FromJson(whole, path));
}

}  // namespace seglab
