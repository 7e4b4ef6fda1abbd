#pragma once

#include "base/json.h"
#include "inference/eval_sink.h"
#include "metrics/boundary_f1.h"

namespace seglab {

/// Boundary F1 of an evaluation.
class BoundarySink : public EvalSink {
 public:
  /// @param tolerance  part of an image's diagonal
  BoundarySink(int classes, double tolerance) : score_(classes, tolerance) {}
  void Add(const EvalItem& item) override;

  /// {"tolerance": 0.0075, "mean": 0.61, "per_class": [...]}; null where nothing is defined.
  Json ToJson() const;
  /// "boundary F1 61.0, within 0.75 % of the diagonal", a line.
  std::string ToText() const;

 private:
  BoundaryF1 score_;
};

}  // namespace seglab
