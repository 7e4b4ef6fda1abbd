#include "data/sets/cityscapes.h"

#include <array>
#include <utility>

#include "base/files.h"
#include "data/sets/set_source.h"

namespace seglab {
namespace {

constexpr std::array<int, 19> kIds = {7,  8,  11, 12, 13, 17, 19, 20, 21, 22,
                                      23, 24, 25, 26, 27, 28, 31, 32, 33};

}  // namespace

const LabelSet& CityscapesLabels() {
  static const LabelSet labels = LabelTable(
      "road|sidewalk|building|wall|fence|pole|traffic light|traffic sign|vegetation|terrain|sky|"
      "person|rider|car|truck|bus|train|motorcycle|bicycle",
      "804080f423e846464666669cbe9999999999faaa1edcdc006b8e2398fb984682b4dc143cff000000008e000046"
      "003c640050640000e6770b20");
  return labels;
}

std::shared_ptr<const Dataset> MakeCityscapes(const Json& json, const std::string& path) {
  SetOptions options;
  options.title = "cityscapes";
  std::string form = "ids", fine = "gtFine", images = "leftImg8bit";
  JsonReader reader(json, path);
  options.Read(reader);
  reader.GetChoice("labels", form, {"ids", "train_ids"});
  reader.Finish();
  if (!options.masks.empty()) fine = options.masks;
  if (!options.images.empty()) images = options.images;
  options.split =
      CheckedSplit(options.split, {"train", "val", "test", "train_extra"}, options.title);
  options.images = JoinPath(images, options.split);
  options.masks = JoinPath(fine, options.split);
  SetNames names;
  names.image_pattern = "{stem}_leftImg8bit";
  names.mask_pattern = "{stem}_" + Stem(fine) + (form == "ids" ? "_labelIds" : "_labelTrainIds");
  PairSource source = FindSet(options, names, CityscapesLabels(),
                              "leftImg8bit/<split>/<city> and " + fine + "/<split>/<city>");
  if (form == "ids") {
    for (size_t i = 0; i < kIds.size(); ++i) source.values.Set(kIds[i], static_cast<uint8_t>(i));
    source.values.IgnoreOthers();
  }
  return MakePairDataset(std::move(source));
}

}  // namespace seglab
