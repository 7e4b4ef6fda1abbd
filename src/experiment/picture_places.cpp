#include "experiment/picture_places.h"

#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "data/encode.h"
#include "report/results.h"

namespace seglab {
namespace {

constexpr char kKey[] = "key.txt";

/// The hash of what is shown, so that runs on other images do not share them.
std::string KeyOf(const Dataset& dataset, int count) {
  std::string text;
  for (int64_t index : ShownSamples(dataset.Size(), count)) {
    const Sample sample = dataset.Get(index);
    text += StrCat(sample.name, " ", PixelHash(sample.image), " ",
                   PixelHash(sample.truth.LabelMap()), "\n");
  }
  return HashHex(text);
}

/// The name of the folder of the images with this key: "pictures", or "pictures@<key>" where that
/// holds others.
std::string SharedFolder(const std::string& experiment_folder, const std::string& key) {
  const std::string usual = JoinPath(experiment_folder, kPicturesFolder);
  const std::string path = JoinPath(usual, kKey);
  const bool others = FolderExists(usual) && (!FileExists(path) || ReadFile(path) != key);
  return others ? StrCat(kPicturesFolder, "@", key.substr(0, 8)) : kPicturesFolder;
}

}  // namespace

PicturePlaces MakePicturePlaces(const Dataset& dataset, int count,
                                const std::string& experiment_folder, const std::string& run_folder,
                                const std::string& evaluation) {
  const std::string key = KeyOf(dataset, count);
  const std::string name = SharedFolder(experiment_folder, key);
  const PicturePlaces places = {JoinPath(experiment_folder, name),
                                JoinPath(run_folder, PicturesFolder(evaluation))};
  MakeFolders(places.shared);
  MakeFolders(places.own);
  WriteFileAtomically(JoinPath(places.shared, kKey), key);
  WriteFileAtomically(JoinPath(places.own, kSharedPictures), name);
  return places;
}

}  // namespace seglab
