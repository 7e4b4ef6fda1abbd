#include "data/sets/pascal_context.h"

#include <utility>

#include "base/files.h"
#include "data/sets/set_source.h"

namespace seglab {

const LabelSet& PascalContextLabels() {
  static const LabelSet labels = LabelTable(
      "background|aeroplane|bag|bed|bedclothes|bench|bicycle|bird|boat|book|bottle|building|bus|c"
      "abinet|car|cat|ceiling|chair|cloth|computer|cow|cup|curtain|dog|door|fence|floor|flower|fo"
      "od|grass|ground|horse|keyboard|light|motorbike|mountain|mouse|person|plate|platform|potted"
      "plant|road|rock|sheep|shelves|sidewalk|sign|sky|snow|sofa|table|track|train|tree|truck|tvm"
      "onitor|wall|water|window|wood");
  return labels;
}

std::shared_ptr<const Dataset> MakePascalContext(const Json& json, const std::string& path) {
  SetOptions options;
  options.title = "pascal_context";
  options.images = "JPEGImages";
  options.masks = "SegmentationClassContext";
  std::string lists = "ImageSets/SegmentationContext";
  int classes = 60;
  JsonReader reader(json, path);
  options.Read(reader);
  reader.Get("lists", lists);
  reader.Get("classes", classes, 59, 60);
  reader.Finish();
  const std::string split = options.split.empty() ? "train" : options.split;
  SetNames names;
  names.list = JoinPath(JoinPath(options.root, lists), split + ".txt");
  LabelSet labels = PascalContextLabels();
  if (classes == 59) {
    labels.names.erase(labels.names.begin());
    labels.palette.erase(labels.palette.begin());
  }
  PairSource source = FindSet(options, names, labels,
                              "JPEGImages, SegmentationClassContext and " + lists + "/<split>.txt");
  if (classes == 59) CountFromOne(source);
  return MakePairDataset(std::move(source));
}

}  // namespace seglab
