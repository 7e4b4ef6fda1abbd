#include "report/ticks.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace seglab {

std::vector<double> RoundTicks(double low, double high, int count) {
  if (!(high > low)) {
    const double margin = low == 0 ? 1 : std::abs(low) * 0.1;
    low -= margin;
    high += margin;
  }
  const double rough = (high - low) / std::max(count, 1);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough * 0.999) step = factor * power;
  }
  // The tolerance keeps 0.3 / 0.1 from making one tick too many.
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  std::vector<double> ticks;
  for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

std::vector<double> LogTicks(double low, double high) {
  const int first = static_cast<int>(std::floor(std::log10(low)));
  const int last = static_cast<int>(std::ceil(std::log10(high)));
  const int every =
      std::max(1, (last - first + 5) / 6);  // decades, so that at most 7 ticks come out
  std::vector<double> candidates;
  for (int decade = first; decade < last + every; decade += every) {
    const double power = std::pow(10, decade);
    candidates.push_back(power);
    if (high / low > 200 || decade == last) continue;
    candidates.push_back(2 * power);
    candidates.push_back(5 * power);
  }
  auto begin = std::upper_bound(candidates.begin(), candidates.end(), low * (1 + 1e-9));
  if (begin != candidates.begin()) --begin;
  const auto end = std::lower_bound(begin, candidates.end(), high * (1 - 1e-9));
  return {begin, end == candidates.end() ? end : end + 1};
}

std::string FormatTick(double value) {
  const double size = std::abs(value);
  const char* unit = size >= 1e9 ? "G" : size >= 1e6 ? "M" : size >= 1e4 ? "k" : "";
  const double scale = size >= 1e9 ? 1e9 : size >= 1e6 ? 1e6 : size >= 1e4 ? 1e3 : 1;
  // Ticks are multiples of a step: what is far below the steps is rounding noise around 0.
  return Significant(size < 1e-12 ? 0 : value / scale, 6) + unit;
}

}  // namespace seglab
