#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "bench/timing.h"

namespace seglab {

/// The least time in which this machine can do what has to be done.
struct Floor {
  double seconds = 0;
  std::string why;  ///< "163 GFLOP at 230 GFLOP/s of a large convolution"
};

/// What a benchmark found.
struct BenchResult {
  std::string kind;                 ///< "inference"
  std::string what;                 ///< one line: the work and the machine's part in it
  std::string item;                 ///< what is counted: "image"
  double items = 1;                 ///< of a repeat
  Timing timing;                    ///< of a repeat
  std::optional<Floor> floor = {};  ///< of a repeat; none where nobody knows one
  Json figures = Json::object();    ///< what else there is to say, by name

  /// Lines for a terminal.
  std::string ToText() const;
  /// kind, what, item, items, repeats, seconds {median, fastest, slowest, quartiles} of a repeat,
  /// items_per_second, floor {seconds, why, ratio}, and the figures.
  Json ToJson() const;
};

}  // namespace seglab
