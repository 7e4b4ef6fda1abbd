#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "inference/eval_sink.h"

namespace seglab {

/// Where the pictures of an evaluation go.
struct PicturePlaces {
  std::string shared;  ///< folder of images and truths, of all runs that are scored on the same
  std::string own;     ///< folder of this evaluation's predictions
};

/// Keeps the pictures of `count` samples spread evenly over a data set for the report: images and
/// truths as <shared>/<k>_image.jpg and <k>_truth.png with their names in names.json, predictions
/// as <own>/<k>.png.
class PictureSink : public EvalSink {
 public:
  /// @param count  at most; fewer where the data set is smaller
  PictureSink(PicturePlaces places, const Dataset& dataset, int count);
  void Add(const EvalItem& item) override;
  void Finish() override;

 private:
  PicturePlaces places_;
  LabelSet labels_;
  std::map<int64_t, std::vector<int64_t>> numbers_;  ///< of a sample's pictures, by its index
  std::vector<std::string> names_;
};

/// The samples that a PictureSink shows, by number.
std::vector<int64_t> ShownSamples(int64_t size, int count);

}  // namespace seglab
