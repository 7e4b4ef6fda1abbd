#include "data/sets/coco_stuff.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/files.h"
#include "data/sets/set_source.h"

namespace seglab {
namespace {

constexpr int kIds = 182;
// Ids of COCO that no category has.
constexpr std::array<int, 11> kUnused = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83, 91};

}  // namespace

const LabelSet& CocoStuffLabels() {
  static const LabelSet labels = LabelTable(
      "person|bicycle|car|motorcycle|airplane|bus|train|truck|boat|traffic light|fire hydrant|sto"
      "p sign|parking meter|bench|bird|cat|dog|horse|sheep|cow|elephant|bear|zebra|giraffe|backpa"
      "ck|umbrella|handbag|tie|suitcase|frisbee|skis|snowboard|sports ball|kite|baseball bat|base"
      "ball glove|skateboard|surfboard|tennis racket|bottle|wine glass|cup|fork|knife|spoon|bowl|"
      "banana|apple|sandwich|orange|broccoli|carrot|hot dog|pizza|donut|cake|chair|couch|potted p"
      "lant|bed|dining table|toilet|tv|laptop|mouse|remote|keyboard|cell phone|microwave|oven|toa"
      "ster|sink|refrigerator|book|clock|vase|scissors|teddy bear|hair drier|toothbrush|banner|bl"
      "anket|branch|bridge|building-other|bush|cabinet|cage|cardboard|carpet|ceiling-other|ceilin"
      "g-tile|cloth|clothes|clouds|counter|cupboard|curtain|desk-stuff|dirt|door-stuff|fence|floo"
      "r-marble|floor-other|floor-stone|floor-tile|floor-wood|flower|fog|food-other|fruit|furnitu"
      "re-other|grass|gravel|ground-other|hill|house|leaves|light|mat|metal|mirror-stuff|moss|mou"
      "ntain|mud|napkin|net|paper|pavement|pillow|plant-other|plastic|platform|playingfield|raili"
      "ng|railroad|river|road|rock|roof|rug|salad|sand|sea|shelf|sky-other|skyscraper|snow|solid-"
      "other|stairs|stone|straw|structural-other|table|tent|textile-other|towel|tree|vegetable|wa"
      "ll-brick|wall-concrete|wall-other|wall-panel|wall-stone|wall-tile|wall-wood|water-other|wa"
      "terdrops|window-blind|window-other|wood");
  return labels;
}

std::shared_ptr<const Dataset> MakeCocoStuff(const Json& json, const std::string& path) {
  SetOptions options = SetOptions::FromJson(json, path, "coco_stuff", "images", "annotations");
  const std::string split = CheckedSplit(options.split, {"train", "val"}, options.title);
  options.images = JoinPath(options.images, split + "2017");
  options.masks = JoinPath(options.masks, split + "2017");
  PairSource source = FindSet(options, {}, CocoStuffLabels(),
                              "images/<split>2017 and annotations/<split>2017 (\"masks\": "
                              "\"stuffthingmaps\" where they are called so)");
  // A pixel of category c is c - 1, and 255 without one.
  uint8_t label = 0;
  for (int id = 1; id <= kIds; ++id) {
    if (std::find(kUnused.begin(), kUnused.end(), id) == kUnused.end())
      source.values.Set(id - 1, label++);
  }
  return MakePairDataset(std::move(source));
}

}  // namespace seglab
