#include "metrics/connected_parts.h"

#include <algorithm>
#include <cstddef>

namespace seglab {
namespace {

/// Calls visit(q) for each pixel that shares a side with `p`.
template <typename Visit>
void ForEachBeside(int64_t p, int64_t height, int64_t width, const Visit& visit) {
  const int64_t x = p % width;
  if (p >= width) visit(static_cast<size_t>(p - width));
  if (x > 0) visit(static_cast<size_t>(p - 1));
  if (x + 1 < width) visit(static_cast<size_t>(p + 1));
  if (p + width < height * width) visit(static_cast<size_t>(p + width));
}

}  // namespace

std::vector<int32_t> ConnectedParts(const std::vector<uint8_t>& set, int64_t height,
                                    int64_t width) {
  std::vector<int32_t> parts(set.size());
  std::vector<int64_t> waiting;
  int32_t last = 0;
  for (size_t first = 0; first < set.size(); ++first) {
    if (set[first] == 0 || parts[first] != 0) continue;
    parts[first] = ++last;
    waiting.push_back(static_cast<int64_t>(first));
    while (!waiting.empty()) {
      const int64_t p = waiting.back();
      waiting.pop_back();
      ForEachBeside(p, height, width, [&](size_t q) {
        if (set[q] == 0 || parts[q] != 0) return;
        parts[q] = last;
        waiting.push_back(static_cast<int64_t>(q));
      });
    }
  }
  return parts;
}

void GrowParts(std::vector<int32_t>& parts, const std::vector<uint8_t>& open, int64_t height,
               int64_t width) {
  std::vector<int64_t> front, next;
  std::vector<uint8_t> is_next(parts.size());
  for (size_t p = 0; p < parts.size(); ++p) {
    if (parts[p] != 0) front.push_back(static_cast<int64_t>(p));
  }
  while (!front.empty()) {
    next.clear();
    for (const int64_t p : front) {
      const int32_t part = parts[static_cast<size_t>(p)];
      ForEachBeside(p, height, width, [&](size_t q) {
        if (is_next[q] != 0) {  // reached in this step from elsewhere too
          parts[q] = std::min(parts[q], part);
        } else if (open[q] != 0 && parts[q] == 0) {
          parts[q] = part;
          is_next[q] = 1;
          next.push_back(static_cast<int64_t>(q));
        }
      });
    }
    for (const int64_t p : next) is_next[static_cast<size_t>(p)] = 0;
    front.swap(next);
  }
}

}  // namespace seglab
