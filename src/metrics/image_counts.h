#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/scores.h"

namespace seglab {

/// The counts of one image: of the classes alone that occur in it, which are few of many.
struct ImageCounts {
  struct One {
    int label;
    int64_t truth, predicted, hit;
  };
  std::string name;
  std::vector<One> classes;

  void AddTo(ClassCounts& sum, int64_t times = 1) const;
};

/// The images of an evaluation, whose counts add up to its scores.
struct EvaluatedImages {
  size_t classes = 0;
  std::vector<ImageCounts> images;

  ClassCounts Sum() const;
};

/// Reads the file that an evaluation leaves behind: an object a line,
///   {"name": "2007_000033", "truth": [t_0, t_1, ...], "predicted": [p_0, ...], "hit": [h_0, ...]}
/// @throws Error naming the line where it is of another form
EvaluatedImages ReadImageCounts(const std::string& path);

}  // namespace seglab
