#pragma once

#include "inference/eval_sink.h"
#include "metrics/confusion_matrix.h"

namespace seglab {

/// Counts all images in one confusion matrix; of a classification data set it counts images.
class ConfusionSink : public EvalSink {
 public:
  explicit ConfusionSink(int classes) : matrix_(classes) {}
  /// @throws Error naming the image where a label is out of range
  void Add(const EvalItem& item) override;
  const ConfusionMatrix& matrix() const { return matrix_; }

 private:
  ConfusionMatrix matrix_;
};

}  // namespace seglab
