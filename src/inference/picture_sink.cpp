#include "inference/picture_sink.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "data/convert.h"
#include "data/encode.h"
#include "data/masks.h"

namespace seglab {
namespace {

// Of a kept image, at most.
constexpr int kSide = 800;
constexpr int kJpegQuality = 90;

std::string NameOf(const cv::Mat& pixels, const char* extension) {
  return HashHex(StrCat(pixels.cols, "x", pixels.rows, " ", PixelHash(pixels))) + extension;
}

}  // namespace

std::vector<int64_t> SpreadSamples(int64_t size, int count) {
  const int64_t spread = std::min<int64_t>(count, size);
  std::vector<int64_t> samples;
  for (int64_t k = 0; k < spread; ++k) samples.push_back(k * size / spread);
  return samples;
}

PictureSink::PictureSink(PicturePlaces places, const Dataset& dataset, int count)
    : places_(std::move(places)),
      labels_(dataset.Labels()),
      kept_(SpreadSamples(dataset.Size(), count)) {
  MakeFolders(places_.shared);
  MakeFolders(places_.own);
}

void PictureSink::Add(const EvalItem& item) {
  if (!std::binary_search(kept_.begin(), kept_.end(), item.index)) return;
  const cv::Mat image = ImageFromTensor(item.image), truth = MaskFromTensor(item.truth);
  const std::string image_name = NameOf(image, ".jpg"), truth_name = NameOf(truth, ".png"),
                    prediction_name = StrCat(item.index, ".png");
  const std::string image_path = JoinPath(places_.shared, image_name);
  if (!FileExists(image_path))
    WriteFileAtomically(
        image_path, std::string_view(EncodeJpeg(ShrinkImage(image, kSide, kSide), kJpegQuality)));
  const std::string truth_path = JoinPath(places_.shared, truth_name);
  if (!FileExists(truth_path)) WriteMask(truth_path, truth, labels_);
  WriteMask(JoinPath(places_.own, prediction_name), MaskFromTensor(item.labels), labels_);
  list_.push_back({{"index", item.index},
                   {"name", item.name},
                   {"image", image_name},
                   {"truth", truth_name},
                   {"prediction", prediction_name}});
}

void PictureSink::Finish() {
  WriteFileAtomically(JoinPath(places_.own, kKeptPictures), JsonText(list_));
}

}  // namespace seglab
