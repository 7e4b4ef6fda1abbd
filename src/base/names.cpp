#include "base/names.h"

#include <algorithm>

namespace seglab {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Insertions, deletions, replacements and swaps of neighbours that turn a into b.
size_t EditDistance(std::string_view a, std::string_view b) {
  // Rows i-2, i-1 and i of the table; a swap looks two rows back.
  std::vector<size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) current[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, previous);
    std::swap(previous, current);
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool equal = Lower(a[i - 1]) == Lower(b[j - 1]);
      current[j] =
          std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (equal ? 0 : 1)});
      if (i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) &&
          Lower(a[i - 2]) == Lower(b[j - 1])) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
  }
  return current[b.size()];
}

}  // namespace

std::string NearestName(std::string_view name, const std::vector<std::string>& candidates) {
  // Names from hostile files: what would take seconds is left alone.
  constexpr size_t kLongest = 512, kMostSteps = 1 << 22;
  if (name.size() > kLongest) return "";
  const std::string* best = nullptr;
  size_t best_distance = 0, steps = 0;
  for (const std::string& candidate : candidates) {
    const size_t longer = std::max(name.size(), candidate.size());
    if (3 * (2 * longer - name.size() - candidate.size()) > longer) continue;  // lengths say no
    steps += name.size() * candidate.size();
    if (steps > kMostSteps) break;
    const size_t distance = EditDistance(name, candidate);
    if (3 * distance > std::max(name.size(), candidate.size())) continue;
    if (best == nullptr || distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return best == nullptr ? "" : *best;
}

std::string UnknownName(std::string_view kind, std::string_view name,
                        const std::vector<std::string>& candidates) {
  constexpr size_t kShown = 200, kListed = 200;
  std::string text = "unknown ";
  text.append(kind).append(" \"").append(name.substr(0, kShown));
  text += name.size() > kShown ? "...\"" : "\"";
  const std::string nearest = NearestName(name, candidates);
  text += nearest.empty() ? "." : "; did you mean \"" + nearest + "\"?";
  if (candidates.empty()) return text + " Known: none";
  const size_t listed = std::min(candidates.size(), kListed), more = candidates.size() - listed;
  text += " Known: " + Join({candidates.begin(), candidates.begin() + listed});
  return more == 0 ? text : text + " and " + std::to_string(more) + " more";
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

}  // namespace seglab
