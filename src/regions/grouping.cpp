#include "regions/grouping.h"

#include <algorithm>
#include <cassert>
#include <queue>

#include "base/error.h"

namespace seglab {
namespace {

/// A set of pairs of numbers: open addressing, twice as large when half full.
class PairSet {
 public:
  void Add(int a, int b) {
    if (a > b) std::swap(a, b);
    if (2 * pairs_.size() >= slots_.size()) Grow();
    const size_t slot = Slot({a, b});
    if (slots_[slot] != kFree) return;
    slots_[slot] = static_cast<uint32_t>(pairs_.size());
    pairs_.push_back({a, b});
  }
  std::vector<std::array<int, 2>> Take() { return std::move(pairs_); }

 private:
  static constexpr uint32_t kFree = UINT32_MAX;

  size_t Slot(const std::array<int, 2>& pair) const {
    const auto key = (static_cast<uint64_t>(pair[0]) << 32) | static_cast<uint32_t>(pair[1]);
    const size_t mask = slots_.size() - 1;
    size_t slot = static_cast<size_t>((key * 0x9e3779b97f4a7c15u) >> 20) & mask;
    while (slots_[slot] != kFree && pairs_[slots_[slot]] != pair) slot = (slot + 1) & mask;
    return slot;
  }

  void Grow() {
    slots_.assign(2 * slots_.size(), kFree);
    for (size_t i = 0; i < pairs_.size(); ++i) slots_[Slot(pairs_[i])] = static_cast<uint32_t>(i);
  }

  std::vector<std::array<int, 2>> pairs_;
  std::vector<uint32_t> slots_ = std::vector<uint32_t>(1024, kFree);
};

/// Two nodes and how similar they are.
struct Pair {
  float similarity;
  int a, b;  // a < b

  /// The top of a queue is the largest: the most similar, of these the earliest.
  bool operator<(const Pair& other) const {
    if (similarity != other.similarity) return similarity < other.similarity;
    return a != other.a ? a > other.a : b > other.b;
  }
};

void MergeRows(std::vector<float>& rows, size_t length, size_t a, size_t b, float share) {
  float* to = rows.data() + a * length;
  const float* from = rows.data() + b * length;
  for (size_t i = 0; i < length; ++i) to[i] = share * to[i] + (1 - share) * from[i];
}

/// Row a becomes both; histograms are means weighted by size.
void MergeRegions(RegionTable& table, int a, int b) {
  const auto i = static_cast<size_t>(a), j = static_cast<size_t>(b);
  const float share =
      static_cast<float>(table.size[i]) / static_cast<float>(table.size[i] + table.size[j]);
  MergeRows(table.color, static_cast<size_t>(table.color_length), i, j, share);
  MergeRows(table.texture, static_cast<size_t>(table.texture_length), i, j, share);
  table.size[i] += table.size[j];
  table.extent[i] = Union(table.extent[i], table.extent[j]);
}

/// Numbers the leaves from the root down, the first child's before the second's.
void NumberLeaves(MergeTree& tree) {
  const auto n = static_cast<size_t>(tree.leaves);
  std::vector<int> count(2 * n - 1, 1);
  for (size_t i = 0; i + 1 < n; ++i) {
    const auto [a, b] = tree.children[i];
    count[n + i] = count[static_cast<size_t>(a)] + count[static_cast<size_t>(b)];
  }
  tree.first.assign(2 * n - 1, 0);
  tree.last.assign(2 * n - 1, tree.leaves);
  for (size_t i = n - 1; i-- > 0;) {
    const auto a = static_cast<size_t>(tree.children[i][0]);
    const auto b = static_cast<size_t>(tree.children[i][1]);
    tree.first[a] = tree.first[n + i];
    tree.last[a] = tree.first[b] = tree.first[a] + count[a];
    tree.last[b] = tree.last[n + i];
  }
}

}  // namespace

Similarity Similarity::Parse(const std::string& letters, const std::string& where) {
  Similarity out;
  bool wrong = letters.empty();
  for (char letter : letters) {
    bool& part = letter == 'C'   ? out.color
                 : letter == 'T' ? out.texture
                 : letter == 'S' ? out.size
                                 : out.fill;
    wrong = wrong || part || std::string("CTSF").find(letter) == std::string::npos;
    part = true;
  }
  if (wrong) {
    throw Error(where, ": is \"", letters,
                "\", must be made of C (colour), T (texture), S (size) and F (fill), each at most "
                "once, at least one of them");
  }
  return out;
}

std::vector<std::array<int, 2>> NeighborPairs(const Segments& segments) {
  const cv::Mat& map = segments.map;
  PairSet pairs;
  for (int y = 0; y < map.rows; ++y) {
    const auto* row = map.ptr<int>(y);
    const auto* below = map.ptr<int>(std::min(y + 1, map.rows - 1));
    for (int x = 0; x < map.cols; ++x) {
      const int right = std::min(x + 1, map.cols - 1);
      const int here = row[x];
      if (row[right] != here) pairs.Add(here, row[right]);
      if (below[x] != here) pairs.Add(here, below[x]);
      if (below[right] != here) pairs.Add(here, below[right]);
      if (below[x] != row[right]) pairs.Add(below[x], row[right]);
    }
  }
  std::vector<std::array<int, 2>> sorted = pairs.Take();
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

float SimilarityOf(const RegionTable& table, int a, int b, const Similarity& similarity,
                   int64_t pixels) {
  const auto i = static_cast<size_t>(a), j = static_cast<size_t>(b);
  const auto all = static_cast<float>(pixels);
  const auto both = static_cast<float>(table.size[i] + table.size[j]);
  float sum = 0;
  if (similarity.color) {
    const auto length = static_cast<size_t>(table.color_length);
    sum += Intersection(&table.color[i * length], &table.color[j * length], table.color_length);
  }
  if (similarity.texture) {
    const auto length = static_cast<size_t>(table.texture_length);
    sum +=
        Intersection(&table.texture[i * length], &table.texture[j * length], table.texture_length);
  }
  if (similarity.size) sum += 1 - both / all;
  if (similarity.fill) {
    const Extent box = Union(table.extent[i], table.extent[j]);
    const auto area = static_cast<float>(static_cast<int64_t>(box.x1 - box.x0) * (box.y1 - box.y0));
    sum += 1 - (area - both) / all;
  }
  return sum;
}

MergeTree Group(RegionTable table, const std::vector<std::array<int, 2>>& neighbors,
                const Similarity& similarity, int64_t pixels) {
  // What no similarity looks at need not be merged.
  if (!similarity.color) {
    table.color.clear();
    table.color_length = 0;
  }
  if (!similarity.texture) {
    table.texture.clear();
    table.texture_length = 0;
  }
  MergeTree tree;
  tree.leaves = table.count();
  const auto n = static_cast<size_t>(tree.leaves);
  tree.children.reserve(n - 1);
  std::vector<std::vector<int>> adjacent(2 * n - 1);  // may hold nodes that are merged already
  std::vector<int> row(2 * n - 1), seen_by(2 * n - 1, -1);
  std::vector<char> alive(2 * n - 1, 0);
  for (size_t i = 0; i < n; ++i) {
    row[i] = static_cast<int>(i);
    alive[i] = 1;
  }
  std::vector<Pair> start;
  start.reserve(4 * neighbors.size());
  for (const auto& [a, b] : neighbors) {
    adjacent[static_cast<size_t>(a)].push_back(b);
    adjacent[static_cast<size_t>(b)].push_back(a);
    start.push_back({SimilarityOf(table, a, b, similarity, pixels), a, b});
  }
  std::priority_queue<Pair> queue(std::less<Pair>(), std::move(start));
  while (tree.children.size() + 1 < n) {
    assert(!queue.empty());
    const Pair best = queue.top();
    queue.pop();
    const auto a = static_cast<size_t>(best.a), b = static_cast<size_t>(best.b);
    if (alive[a] == 0 || alive[b] == 0) continue;
    const size_t node = n + tree.children.size();
    tree.children.push_back({best.a, best.b});
    alive[a] = alive[b] = 0;
    alive[node] = 1;
    row[node] = row[a];
    MergeRegions(table, row[a], row[b]);
    const int number = static_cast<int>(node);
    for (size_t child : {a, b}) {
      for (int other : adjacent[child]) {
        const auto o = static_cast<size_t>(other);
        if (alive[o] == 0 || seen_by[o] == number) continue;
        seen_by[o] = number;
        adjacent[node].push_back(other);
        adjacent[o].push_back(number);
        queue.push({SimilarityOf(table, row[o], row[node], similarity, pixels), other, number});
      }
      adjacent[child] = {};
    }
  }
  NumberLeaves(tree);
  return tree;
}

std::vector<int> MergeTree::Partition(int count) const {
  const int limit = nodes() - (std::clamp(count, 1, leaves) - 1);  // nodes that existed then
  std::vector<int> out;
  std::vector<int> open = {nodes() - 1};
  while (!open.empty()) {
    const int node = open.back();
    open.pop_back();
    if (node < limit) {
      out.push_back(node);
    } else {
      const auto& pair = children[static_cast<size_t>(node - leaves)];
      open.insert(open.end(), {pair[1], pair[0]});
    }
  }
  return out;
}

}  // namespace seglab
