#include "inference/image_counts_sink.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "data/labels.h"

namespace seglab {

ImageCountsSink::ImageCountsSink(const std::string& path, int classes)
    : file_(path), truth_(classes), predicted_(classes), hit_(classes) {}

void ImageCountsSink::Add(const EvalItem& item) {
  for (std::vector<int64_t>* counts : {&truth_, &predicted_, &hit_})
    std::fill(counts->begin(), counts->end(), 0);
  const at::Tensor truth = item.truth.contiguous(), labels = item.labels.contiguous();
  const auto *true_class = truth.data_ptr<uint8_t>(), *said = labels.data_ptr<uint8_t>();
  const size_t classes = truth_.size();
  for (int64_t i = 0; i < truth.numel(); ++i) {
    if (true_class[i] == kIgnoreLabel) continue;
    if (true_class[i] >= classes || said[i] >= classes) {
      throw Error(item.name, ": label ", static_cast<int>(std::max(true_class[i], said[i])),
                  " is out of range, there are ", classes, " classes");
    }
    ++truth_[true_class[i]];
    ++predicted_[said[i]];
    hit_[said[i]] += true_class[i] == said[i] ? 1 : 0;
  }
  const Json line = {
      {"name", item.name}, {"truth", truth_}, {"predicted", predicted_}, {"hit", hit_}};
  file_.stream() << line.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
}

void ImageCountsSink::Finish() { file_.Commit(); }

}  // namespace seglab
