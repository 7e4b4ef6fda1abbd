#include "crf/lattice_digits.h"

#include <cmath>

namespace seglab {

LatticeDigits::LatticeDigits(std::span<const float> low, std::span<const float> high) {
  const auto d = static_cast<int>(low.size());
  std::vector<double> least_of(static_cast<size_t>(d) + 1), most_of(least_of);
  double low_sum = 0, high_sum = 0;
  for (int j = d; j > 0; --j) {
    const auto axis = static_cast<size_t>(j) - 1;
    const double scale = std::sqrt(2.0 / 3.0) * (d + 1) / std::sqrt(j * (j + 1.0));
    const double a = scale * low[axis];
    const double b = scale * high[axis];
    least_of[axis + 1] = low_sum - j * b;
    most_of[axis + 1] = high_sum - j * a;
    low_sum += a;
    high_sum += b;
  }
  least_of[0] = low_sum;
  most_of[0] = high_sum;
  // A vertex is less than 2 (d + 1) off its pixel, a neighbour of it d + 1 more.
  const double margin = 3.0 * (d + 1) + 2;
  for (int i = 0; i < d; ++i) {
    const auto at = static_cast<size_t>(i);
    const double first = std::floor(least_of[at] - margin);
    const double last = std::ceil(most_of[at] + margin);
    least.push_back(static_cast<int64_t>(first));
    size.push_back(last - first + 1);
    count *= size.back();
  }
}

}  // namespace seglab
