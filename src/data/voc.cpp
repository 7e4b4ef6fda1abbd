#include "data/voc.h"

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

std::string FindList(const VocOptions& options) {
  const std::string lists = JoinPath(options.root, options.lists);
  const std::string list = JoinPath(lists, options.split + ".txt");
  for (const std::string& path : {list, JoinPath(lists, options.split),
                                  JoinPath(options.root, options.split), options.split}) {
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

/// Where masks are looked for, in this order.
MaskTables VocMasks(const VocOptions& options, const std::string& masks, const std::string& sbd) {
  MaskTables tables;
  FileTableOptions with_mat;
  with_mat.more_extension = ".mat";
  const std::string classes = JoinPath(sbd, "cls");
  if (!sbd.empty() && FolderExists(classes)) {
    tables.push_back(std::make_shared<FileTable>(classes, with_mat));
    with_mat.without = classes;
  }
  if (!sbd.empty()) tables.push_back(std::make_shared<FileTable>(sbd, with_mat));
  if (FolderExists(masks)) tables.push_back(std::make_shared<FileTable>(masks));
  return tables;
}

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
  CheckRoot(options.root, "voc");
  const std::string images = JoinPath(options.root, options.images);
  const std::string masks = JoinPath(options.root, options.masks);
  const std::string sbd = options.sbd.empty() ? "" : JoinPath(options.root, options.sbd);
  if (!FolderExists(images)) {
    throw Error("voc: no folder ", images, NearbyRootHint(options.root, options.images),
                "; the root must hold ", options.images, ", ", options.masks, " and ",
                options.lists);
  }
  if (!sbd.empty() && !FolderExists(sbd)) throw Error("voc: no folder ", sbd, " (\"sbd\")");
  PairSource source;
  source.title = "voc";
  source.image_ending = ".jpg";
  source.tells_values = false;
  source.labels = VocLabels();
  source.values.SetPalette(source.labels);
  source.values.SetColor(MaskColor(source.labels, kIgnoreLabel), kIgnoreLabel);
  if (!options.objects.empty()) {
    const std::string objects = JoinPath(options.root, options.objects);
    if (!FolderExists(objects)) throw Error("voc: no folder ", objects, " (\"objects\")");
    source.objects = std::make_shared<FileTable>(objects);
  }
  source.list = FindList(options);
  source.images = std::make_shared<FileTable>(images);
  source.masks = VocMasks(options, masks, sbd);
  source.pairs = ListedPairs(source.list, *source.images, source.masks, {options.root});
  // A list of pairs needs no folder of masks.
  if (source.masks.empty() && !AllHaveMasks(source.pairs)) {
    throw Error("voc: no folder ", masks, NearestPathHint(masks),
                "; it must hold the masks <id>.png, or \"sbd\" must name ",
                "the folder of SBD's labels");
  }
  KeepFirst(source.pairs, options.limit);
  return MakePairDataset(std::move(source));
}

}  // namespace seglab
