#include "data/sets/nyudv2.h"

#include "data/sets/set_source.h"

namespace seglab {

const LabelSet& Nyudv2Labels() {
  static const LabelSet labels = LabelTable(
      "wall|floor|cabinet|bed|chair|sofa|table|door|window|bookshelf|picture|counter|blinds|desk|"
      "shelves|curtain|dresser|pillow|mirror|floor mat|clothes|ceiling|books|refrigerator|televis"
      "ion|paper|towel|shower curtain|box|whiteboard|person|night stand|toilet|sink|lamp|bathtub|"
      "bag|other structure|other furniture|other prop");
  return labels;
}

std::shared_ptr<const Dataset> MakeNyudv2(const Json& json, const std::string& path) {
  return MakeListedSet(SetOptions::FromJson(json, path, "nyudv2", "images", "labels"),
                       Nyudv2Labels(),
                       "images/, labels/ (PNG, or .mat with \"segmentation\") and <split>.txt");
}

}  // namespace seglab
