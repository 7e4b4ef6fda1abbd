#include "data/sets/sift_flow.h"

#include <utility>

#include "base/files.h"
#include "data/sets/set_source.h"

namespace seglab {

const LabelSet& SiftFlowLabels() {
  static const LabelSet labels = LabelTable(
      "awning|balcony|bird|boat|bridge|building|bus|car|cow|crosswalk|desert|door|fence|field|gra"
      "ss|moon|mountain|person|plant|pole|river|road|rock|sand|sea|sidewalk|sign|sky|staircase|st"
      "reetlight|sun|tree|window");
  return labels;
}

std::shared_ptr<const Dataset> MakeSiftFlow(const Json& json, const std::string& path) {
  SetOptions options;
  options.title = "sift_flow";
  options.images = "Images";
  options.masks = "SemanticLabels";
  JsonReader reader(json, path);
  options.Read(reader);
  reader.Finish();
  const std::string split = options.split.empty() ? "train" : options.split;
  SetNames names;
  names.mask_extension = ".mat";
  names.list = JoinPath(options.root, split + ".txt");
  PairSource source =
      FindSet(options, names, SiftFlowLabels(), "Images/, SemanticLabels/ (.mat) and <split>.txt");
  CountFromOne(source);
  return MakePairDataset(std::move(source));
}

}  // namespace seglab
