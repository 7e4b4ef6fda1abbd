#include "data/sets/oxford_pets.h"

#include <utility>

#include "base/files.h"
#include "data/sets/set_source.h"

namespace seglab {

const LabelSet& OxfordPetsLabels() {
  static const LabelSet labels = LabelTable("background|pet");
  return labels;
}

std::shared_ptr<const Dataset> MakeOxfordPets(const Json& json, const std::string& path) {
  const SetOptions options =
      SetOptions::FromJson(json, path, "oxford_pets", "images", "annotations/trimaps");
  const std::string split =
      CheckedSplit(options.split, {"train", "val", "trainval", "test"}, options.title);
  // Its authors part it in two; what others call val is their test.
  const std::string list = split == "train" ? "trainval" : split == "val" ? "test" : split;
  SetNames names;
  names.list = JoinPath(options.root, "annotations/" + list + ".txt");
  names.first_column = true;
  PairSource source = FindSet(options, names, OxfordPetsLabels(),
                              "images/, annotations/trimaps/ and annotations/trainval.txt");
  constexpr int kPet = 1, kBackground = 2, kBorder = 3;
  source.values.Set(kPet, 1);
  source.values.Set(kBackground, 0);
  source.values.Set(kBorder, kIgnoreLabel);
  return MakePairDataset(std::move(source));
}

}  // namespace seglab
