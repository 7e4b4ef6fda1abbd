#include "bench/timing.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"

namespace seglab {

void RepeatOptions::Check(const std::string& where) const {
  if (warm_up < 0) throw Error(where, ".warm_up: must be 0 or more, found ", warm_up);
  if (repeats < 0) throw Error(where, ".repeats: must be 0 or more, found ", repeats);
  if (!(seconds >= 0 && seconds <= 86400))
    throw Error(where, ".seconds: must be 0 to 86400, found ", seconds);
}

Timing::Timing(std::vector<double> seconds) : seconds_(std::move(seconds)) {
  if (seconds_.empty()) throw std::logic_error("a timing needs a repeat");
  std::sort(seconds_.begin(), seconds_.end());
}

double Timing::Quantile(double q) const {
  const double place = q * static_cast<double>(seconds_.size() - 1);
  const auto below = static_cast<size_t>(std::floor(place));
  const size_t above = std::min(below + 1, seconds_.size() - 1);
  return std::lerp(seconds_[below], seconds_[above], place - std::floor(place));
}

Timing Repeat(const std::function<void()>& work, const RepeatOptions& options) {
  options.Check();
  std::vector<double> seconds;
  double sum = 0;
  const auto enough = [&] {
    const int done = static_cast<int>(seconds.size());
    if (options.repeats > 0) return done >= options.repeats;
    return done >= RepeatOptions::kFewest && sum >= options.seconds;
  };
  for (int i = -options.warm_up; i < 0 || !enough(); ++i) {
    if (const int signal = StopRequested()) throw Stopped(signal, "timing stopped");
    const double start = Seconds();
    work();
    const double took = Seconds() - start;
    if (i < 0) continue;
    seconds.push_back(took);
    sum += took;
  }
  return Timing(std::move(seconds));
}

}  // namespace seglab
