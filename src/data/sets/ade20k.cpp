#include "data/sets/ade20k.h"

#include <utility>

#include "base/files.h"
#include "data/sets/set_source.h"

namespace seglab {

const LabelSet& Ade20kLabels() {
  static const LabelSet labels = LabelTable(
      "wall|building|sky|floor|tree|ceiling|road|bed|windowpane|grass|cabinet|sidewalk|person|ear"
      "th|door|table|mountain|plant|curtain|chair|car|water|painting|sofa|shelf|house|sea|mirror|"
      "rug|field|armchair|seat|fence|desk|rock|wardrobe|lamp|bathtub|railing|cushion|base|box|col"
      "umn|signboard|chest of drawers|counter|sand|sink|skyscraper|fireplace|refrigerator|grandst"
      "and|path|stairs|runway|case|pool table|pillow|screen door|stairway|river|bridge|bookcase|b"
      "lind|coffee table|toilet|flower|book|hill|bench|countertop|stove|palm|kitchen island|compu"
      "ter|swivel chair|boat|bar|arcade machine|hovel|bus|towel|light|truck|tower|chandelier|awni"
      "ng|streetlight|booth|television receiver|airplane|dirt track|apparel|pole|land|bannister|e"
      "scalator|ottoman|bottle|buffet|poster|stage|van|ship|fountain|conveyer belt|canopy|washer|"
      "plaything|swimming pool|stool|barrel|basket|waterfall|tent|bag|minibike|cradle|oven|ball|f"
      "ood|step|tank|trade name|microwave|pot|animal|bicycle|lake|dishwasher|screen|blanket|sculp"
      "ture|hood|sconce|vase|traffic light|tray|ashcan|fan|pier|crt screen|plate|monitor|bulletin"
      " board|shower|radiator|glass|clock|flag",
      "787878b4787806e6e650323204c8037878508c8c8ccc05ffe6e6e604fa07e005ffebff0796053d78784608ff33"
      "ff06528fff8cccff04ff3307cc46030066c83de6faff06330b66ffff0747ff09e00907e6dcdcdcff095c7009ff"
      "08ffd607ffe0ffb8060aff47ff290a07ffffe0ff086608ffff3d06ffc207ff7a0800ff14ff0829ff05990633ff"
      "eb0cffa0961400a3ff8c8c8cfa0a0f14ff001fff00ff1f00ffe00099ff000000ffff470000ebff00adff1f00ff"
      "0bc8c8ff520000fff5003dff00ff7000ff85ff0000ffa300ff6600c2ff00008fff33ff000052ff00ff2900ffad"
      "0a00ffadff0000ff99ff5c00ff00ffff00f5ff0066ffad00ff0014ffb8b8001fff00ff3d0047ffff00cc00ffc2"
      "00ff52000aff0070ff3300ff00c2ff007aff00ffa3ff990000ff0aff70008fff005200ffa3ff00ffeb0008b8aa"
      "8500ff00ff5cb800ffff001f00b8ff00d6ffff00705cff0000e0ff70e0ff46b8a0a300ff9900ff47ff00ff00a3"
      "ffcc00ff008f00ffeb85ff00ff00ebf500ffff007afff5000abed4d6ff0000ccff1400ffffff000099ff0029ff"
      "00ffcc2900ff29ff00ad00ff00f5ff4700ff7a00ff00ffb8005cffb8ff000085ffffd60019c2c266ff005c00ff");
  return labels;
}

std::shared_ptr<const Dataset> MakeAde20k(const Json& json, const std::string& path) {
  SetOptions options = SetOptions::FromJson(json, path, "ade20k", "images", "annotations");
  const std::string split = CheckedSplit(options.split, {"train", "val"}, options.title);
  const std::string folder = split == "train" ? "training" : "validation";
  options.images = JoinPath(options.images, folder);
  options.masks = JoinPath(options.masks, folder);
  PairSource source = FindSet(options, {}, Ade20kLabels(),
                              "images/ and annotations/, in each training/ and validation/");
  CountFromOne(source);
  return MakePairDataset(std::move(source));
}

}  // namespace seglab
