#pragma once

#include <string>

namespace seglab {

/// "3.14" of 3.14159 and 2 digits behind the point.
std::string Fixed(double value, int digits);

/// "1h 02m", "3m 20s", "12s".
std::string FormatDuration(double seconds);

}  // namespace seglab
