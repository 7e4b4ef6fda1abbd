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

std::string Significant(double value, int figures) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*g", figures, value);
  return text;
}

size_t TextWidth(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string CutMiddle(const std::string& text, size_t width) {
  if (TextWidth(text) <= width) return text;
  const size_t back = width > 0 ? (width - 1) / 2 : 0, front = width > 0 ? width - 1 - back : 0;
  const size_t all = TextWidth(text);
  std::string cut;
  size_t at = 0;  // characters so far
  for (char byte : text) {
    if ((byte & 0xC0) != 0x80) {
      ++at;
      if (at == front + 1) cut += "…";
    }
    if (at <= front || at > all - back) cut += byte;
  }
  return cut;
}

std::string PadLeft(const std::string& text, size_t width) {
  return std::string(width - std::min(width, TextWidth(text)), ' ') + text;
}

std::string PadRight(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, TextWidth(text)), ' ');
}

std::string FormatPercent(double percent) {
  return std::isfinite(percent) ? Fixed(percent, 1) : "-";
}

std::string FormatCount(int64_t count) {
  // The limits round up what would otherwise read "1000.0 k".
  const auto value = static_cast<double>(count);
  if (value >= 999.95e6) return Fixed(value / 1e9, 1) + " G";
  if (value >= 999.95e3) return Fixed(value / 1e6, 1) + " M";
  if (value >= 1e3) return Fixed(value / 1e3, 1) + " k";
  return std::to_string(count);
}

std::string FormatThreeFigures(int64_t count) {
  const char* unit = " kMGTP";
  auto value = static_cast<double>(count);
  while (value >= 999.5 && unit[1] != '\0') {
    value /= 1000;
    ++unit;
  }
  if (*unit == ' ') return std::to_string(count);
  return Fixed(value, value < 10 ? 2 : value < 100 ? 1 : 0) + " " + *unit;
}

std::string FormatGrouped(int64_t count) {
  std::string text = std::to_string(count);
  const size_t first = text[0] == '-' ? 1 : 0;
  for (size_t at = text.size(); at > first + 3;) text.insert(at -= 3, ",");
  return text;
}

std::string FormatBytes(int64_t bytes) {
  return FormatThreeFigures(bytes) + (bytes < 1000 ? " B" : "B");
}

std::string FormatDuration(double seconds) {
  if (!std::isfinite(seconds)) return "-";
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
