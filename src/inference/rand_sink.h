#pragma once

#include <string>
#include <utility>

#include "base/json.h"
#include "inference/eval_sink.h"
#include "metrics/rand_scores.h"

namespace seglab {

/// Rand scores of an evaluation: how well the objects of one class are told apart.
class RandSink : public EvalSink {
 public:
  /// @param name  of the class, for people
  RandSink(int object_class, std::string name) : name_(std::move(name)), scores_(object_class) {}
  void Add(const EvalItem& item) override;

  /// {"object_class": "cell", "images": 30, "pixel_error": 0.06, "rand_error": 0.05, "split": ...,
  /// "merge": ..., "rand_error_thin": 0.04, "split_thin": ..., "merge_thin": ...}: fractions, null
  /// where nothing is defined; images are those with objects.
  Json ToJson() const;
  /// "Rand error of cell 5.2, with thin boundaries 3.8 (split 97.0, merge 95.4); pixel error 6.1",
  /// a line.
  std::string ToText() const;

 private:
  std::string name_;
  RandScores scores_;
};

}  // namespace seglab
