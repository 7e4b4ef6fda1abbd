#include "inference/picture_sink.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "data/convert.h"
#include "data/image_file.h"
#include "data/masks.h"

namespace seglab {

std::vector<int64_t> ShownSamples(int64_t size, int count) {
  const int64_t shown = std::min<int64_t>(count, size);
  std::vector<int64_t> samples;
  for (int64_t k = 0; k < shown; ++k) samples.push_back(k * size / shown);
  return samples;
}

PictureSink::PictureSink(PicturePlaces places, const Dataset& dataset, int count)
    : places_(std::move(places)), labels_(dataset.Labels()) {
  const std::vector<int64_t> samples = ShownSamples(dataset.Size(), count);
  for (size_t k = 0; k < samples.size(); ++k)
    numbers_[samples[k]].push_back(static_cast<int64_t>(k));
  names_.resize(samples.size());
  MakeFolders(places_.shared);
  MakeFolders(places_.own);
}

void PictureSink::Add(const EvalItem& item) {
  const auto shown = numbers_.find(item.index);
  if (shown == numbers_.end()) return;
  for (int64_t k : shown->second) {
    const std::string number = std::to_string(k);
    WriteMask(JoinPath(places_.own, number + ".png"), MaskFromTensor(item.labels), labels_);
    WriteImage(JoinPath(places_.shared, number + "_image.jpg"), ImageFromTensor(item.image));
    WriteMask(JoinPath(places_.shared, number + "_truth.png"), MaskFromTensor(item.truth), labels_);
    names_[k] = item.name;
  }
}

void PictureSink::Finish() {
  WriteFileAtomically(JoinPath(places_.shared, "names.json"), JsonText(Json(names_)));
}

}  // namespace seglab
