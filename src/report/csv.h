#pragma once

#include <cmath>
#include <string>

#include "base/format.h"

// Cells of CSV files (RFC 4180).
namespace seglab {

inline std::string QuoteCsv(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

/// Ten figures; "" of what is not finite.
inline std::string CsvNumber(double value) {
  return std::isfinite(value) ? Significant(value, 10) : "";
}

}  // namespace seglab
