#include "experiment/pictures.h"

#include <torch/torch.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "data/convert.h"
#include "data/masks.h"
#include "experiment/results.h"
#include "tensor/argmax.h"
#include "train/evaluator.h"

namespace seglab {
namespace {

constexpr char kKey[] = "key.txt";

/// The hash of what is shown, so that runs on other images do not share them.
std::string KeyOf(const Dataset& dataset, int64_t shown) {
  const auto hash = [](const cv::Mat& pixels) {
    const cv::Mat whole = pixels.isContinuous() ? pixels : pixels.clone();
    return HashHex(std::string_view(reinterpret_cast<const char*>(whole.data),
                                    whole.total() * whole.elemSize()));
  };
  std::string text;
  for (int64_t k = 0; k < shown; ++k) {
    const Sample sample = dataset.Get(k * dataset.Size() / shown);
    text += StrCat(sample.name, " ", sample.image.cols, " ", hash(sample.image), " ",
                   hash(sample.label), "\n");
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

void WritePictures(SegModel& model, const Dataset& dataset, int count,
                   const std::string& experiment_folder, const std::string& run_folder) {
  const int64_t shown = std::min<int64_t>(count, dataset.Size());
  if (shown == 0) return;
  const std::string key = KeyOf(dataset, shown);
  const std::string name = SharedFolder(experiment_folder, key);
  const std::string shared = JoinPath(experiment_folder, name);
  const std::string own = JoinPath(run_folder, kPicturesFolder);
  MakeFolders(shared);
  MakeFolders(own);
  WriteFileAtomically(JoinPath(shared, kKey), key);
  WriteFileAtomically(JoinPath(own, kSharedPictures), name);
  Json names = Json::array();
  for (int64_t k = 0; k < shown; ++k) {
    const Sample sample = dataset.Get(k * dataset.Size() / shown);
    const at::Tensor logits = PredictLogits(model, ImageTensor(sample.image));
    const std::string number = std::to_string(k);
    WriteMask(JoinPath(own, number + ".png"), MaskFromTensor(ArgMaxLabels(logits)),
              dataset.Labels());
    WriteImage(JoinPath(shared, number + "_image.jpg"), sample.image);
    WriteMask(JoinPath(shared, number + "_truth.png"), sample.label, dataset.Labels());
    names.push_back(sample.name);
  }
  WriteFileAtomically(JoinPath(shared, "names.json"), JsonText(names));
}

}  // namespace seglab
