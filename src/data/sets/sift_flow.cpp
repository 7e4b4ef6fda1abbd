#include "data/sets/sift_flow.h"

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
  return MakeListedSet(SetOptions::FromJson(json, path, "sift_flow", "Images", "SemanticLabels"),
                       SiftFlowLabels(), "Images/, SemanticLabels/ (.mat) and <split>.txt");
}

}  // namespace seglab
