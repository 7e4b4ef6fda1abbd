#pragma once

#include <functional>
#include <string>
#include <vector>

namespace seglab {

/// How often work is repeated to be timed.
struct RepeatOptions {
  int warm_up = 2;     ///< repeats that do not count: caches, memory and kernels are made in them
  int repeats = 0;     ///< that count; 0: as many as fit into `seconds`, at least kFewest
  double seconds = 5;  ///< of the repeats that count
  static constexpr int kFewest = 5;

  /// @throws Error naming the member that is out of range
  void Check(const std::string& where = "RepeatOptions") const;
};

/// Seconds of repeats of the same work.
class Timing {
 public:
  /// @param seconds  one or more, in any order
  explicit Timing(std::vector<double> seconds);

  double Fastest() const { return seconds_.front(); }
  double Slowest() const { return seconds_.back(); }
  /// Of an even number the mean of the two in the middle.
  double Median() const { return Quantile(0.5); }
  /// Linear between the values: 0 is the fastest, 1 the slowest.
  double Quantile(double q) const;
  int repeats() const { return static_cast<int>(seconds_.size()); }

 private:
  std::vector<double> seconds_;  // ascending
};

/// Times `work`, which must return only when it is done.
/// @throws Stopped after a signal between two repeats, Error on wrong options
Timing Repeat(const std::function<void()>& work, const RepeatOptions& options);

}  // namespace seglab
