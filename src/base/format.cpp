#include "base/format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace seglab {

std::string Fixed(double value, int digits) {
  char text[400];  // the largest double has 309 digits before the point
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string FormatDuration(double seconds) {
  const auto total = static_cast<long long>(std::llround(std::max(seconds, 0.0)));
  const long long h = total / 3600, m = total / 60 % 60, s = total % 60;
  char text[64];
  if (h > 0) {
    std::snprintf(text, sizeof text, "%lldh %02lldm", h, m);
  } else if (m > 0) {
    std::snprintf(text, sizeof text, "%lldm %02llds", m, s);
  } else {
    std::snprintf(text, sizeof text, "%llds", s);
  }
  return text;
}

}  // namespace seglab
