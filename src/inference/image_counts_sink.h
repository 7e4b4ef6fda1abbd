#pragma once

#include <string>
#include <vector>

#include "base/files.h"
#include "inference/eval_sink.h"

namespace seglab {

/// Writes each image's counts, from which every score of any choice of images can be computed
/// again: one JSON object a line,
///
///   {"name": "2007_000033", "truth": [t_0, t_1, ...], "predicted": [p_0, ...], "hit": [h_0, ...]}
///
/// pixels of each true class, pixels predicted as each class, and those that are both, void left
/// out; of a classification sample 1 and 0. It has its name behind the last image.
class ImageCountsSink : public EvalSink {
 public:
  ImageCountsSink(const std::string& path, int classes);
  /// @throws Error where a label is out of range
  void Add(const EvalItem& item) override;
  /// @throws Error when the disk is full
  void Finish() override;

 private:
  AtomicFile file_;
  std::vector<int64_t> truth_, predicted_, hit_;
};

}  // namespace seglab
