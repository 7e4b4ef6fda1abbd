#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"
#include "inference/eval_sink.h"

namespace seglab {

/// Where the pictures of an evaluation go.
struct PicturePlaces {
  std::string shared;  ///< folder of images and truths, of all runs of an experiment
  std::string own;     ///< folder of this evaluation's predictions
};

/// The list of an evaluation's pictures in its own folder, see PictureSink.
inline constexpr char kKeptPictures[] = "kept.json";

/// Keeps what a network says of samples spread evenly over a data set, for the report and for
/// whoever wants to look closer: predictions as <own>/<index>.png, and in <own>/kept.json
///
///   [{"index": 3, "name": "2007_000033", "image": "<hash>.jpg", "truth": "<hash>.png",
///     "prediction": "3.png"}, ...]
///
/// "image" and "truth" lie in the shared folder under the hash of their pixels: runs that are
/// scored on the same share them, and others do not. Images are made smaller, label maps are not.
class PictureSink : public EvalSink {
 public:
  /// @param count  at most; fewer where the data set is smaller
  PictureSink(PicturePlaces places, const Dataset& dataset, int count);
  void Add(const EvalItem& item) override;
  void Finish() override;

 private:
  PicturePlaces places_;
  LabelSet labels_;
  std::vector<int64_t> kept_;  ///< ascending
  Json list_ = Json::array();
};

/// `count` of `size` samples spread evenly, ascending; all where there are no more.
std::vector<int64_t> SpreadSamples(int64_t size, int count);

}  // namespace seglab
