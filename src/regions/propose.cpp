#include "regions/propose.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <opencv2/imgproc.hpp>
#include <unordered_set>

#include "base/error.h"
#include "base/random.h"
#include "base/team.h"

namespace seglab {
namespace {

/// Calls work(i) for i of 0 ... n - 1 on several threads; rethrows an exception of one of them.
void ForEach(int threads, size_t n, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr error;
  RunTeam(std::min(threads, static_cast<int>(n)), [&](Member&) {
    try {
      for (size_t i = next++; i < n; i = next++) work(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      error = std::current_exception();
    }
  });
  if (error) std::rethrow_exception(error);
}

cv::Mat Resized(const cv::Mat& rgb, const ProposalOptions& options) {
  if (rgb.type() != CV_8UC3 || rgb.empty()) {
    throw Error("Propose: the image has ", rgb.total(), " pixels of ", rgb.channels(),
                " channels, must have some of three channels of 8 bit");
  }
  if (options.width == 0 || rgb.cols == options.width) return rgb;
  const double most = 4.0 * options.width * options.width;
  const double scale = std::min(static_cast<double>(options.width) / rgb.cols,
                                std::sqrt(most / static_cast<double>(rgb.total())));
  const cv::Size size(std::max(1, static_cast<int>(std::lround(rgb.cols * scale))),
                      std::max(1, static_cast<int>(std::lround(rgb.rows * scale))));
  cv::Mat out;
  cv::resize(rgb, out, size, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  return out;
}

/// What a region covers of the image.
struct Footprint {
  int64_t area = 0;
  Extent extent{INT32_MAX, INT32_MAX, 0, 0};
  uint64_t hash = 0;  ///< the sum of a random number for each pixel: equal masks, equal hashes

  void Add(const Footprint& other) {
    area += other.area;
    extent = Union(extent, other.extent);
    hash += other.hash;
  }
};

/// Pixels of the image, [first, last), that each working row or column stands for.
std::vector<std::array<int, 2>> Spans(int size, int working) {
  std::vector<std::array<int, 2>> spans(static_cast<size_t>(working), {0, 0});
  const std::vector<int> nearest = NearestIndices(size, working);
  for (int i = size; i-- > 0;) spans[static_cast<size_t>(nearest[static_cast<size_t>(i)])][0] = i;
  for (int i = 0; i < size; ++i) {
    spans[static_cast<size_t>(nearest[static_cast<size_t>(i)])][1] = i + 1;
  }
  return spans;
}

/// One over-segmentation, and what all hierarchies upon it share.
struct Ground {
  Segments segments;
  RegionTable table;
  std::vector<std::array<int, 2>> neighbors;
  std::vector<Footprint> footprints;
};

class Footprints {
 public:
  Footprints(cv::Size image, cv::Size working)
      : rows_(Spans(image.height, working.height)),
        columns_(Spans(image.width, working.width)),
        hashes_(static_cast<size_t>(working.area())) {
    for (size_t i = 0; i < hashes_.size(); ++i) hashes_[i] = MixSeed(i);
  }

  std::vector<Footprint> Of(const Segments& segments) const {
    std::vector<Footprint> out(static_cast<size_t>(segments.count));
    const auto* map = segments.map.ptr<int>();
    size_t i = 0;
    for (const auto& [top, bottom] : rows_) {
      for (const auto& [left, right] : columns_) {
        if (top < bottom && left < right) {
          const int64_t area = static_cast<int64_t>(bottom - top) * (right - left);
          out[static_cast<size_t>(map[i])].Add({area, {left, top, right, bottom}, hashes_[i]});
        }
        ++i;
      }
    }
    return out;
  }

 private:
  std::vector<std::array<int, 2>> rows_, columns_;
  std::vector<uint64_t> hashes_;  ///< of each working pixel
};

struct Candidate {
  Region region;
  uint64_t hash;
};

/// The nodes of a hierarchy that are large enough, in the order of nodes.
std::vector<Candidate> Candidates(const MergeTree& tree, const Ground& ground, int hierarchy,
                                  const ProposalOptions& options) {
  std::vector<Footprint> footprints = ground.footprints;
  std::vector<Extent> extents = ground.table.extent;
  for (const auto& [a, b] : tree.children) {
    footprints.push_back(footprints[static_cast<size_t>(a)]);
    footprints.back().Add(footprints[static_cast<size_t>(b)]);
    extents.push_back(Union(extents[static_cast<size_t>(a)], extents[static_cast<size_t>(b)]));
  }
  RandomStream random(options.seed, 0, static_cast<uint64_t>(hierarchy));
  std::vector<Candidate> out;
  for (int node = 0; node < tree.nodes(); ++node) {
    const auto i = static_cast<size_t>(node);
    const auto score = static_cast<float>(-random.Uniform() * tree.Level(node));
    const Footprint& footprint = footprints[i];
    const int width = extents[i].x1 - extents[i].x0, height = extents[i].y1 - extents[i].y0;
    const bool large = std::min(width, height) >= options.min_side || node == tree.nodes() - 1;
    if (!large || footprint.area == 0) continue;
    const Extent& e = footprint.extent;
    out.push_back({{cv::Rect(e.x0, e.y0, e.x1 - e.x0, e.y1 - e.y0), hierarchy, tree.first[i],
                    tree.last[i], tree.Level(node), footprint.area, score},
                   footprint.hash});
  }
  return out;
}

using Key = std::array<uint64_t, 5>;
struct KeyHash {
  size_t operator()(const Key& key) const {
    return static_cast<size_t>(MixSeed(key[0], key[1] ^ (key[2] << 32), key[3] ^ (key[4] << 32)));
  }
};

/// Best first, the first of each duplicate.
std::vector<Region> Ranked(std::vector<Candidate> candidates, const ProposalOptions& options) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const auto& a, const auto& b) { return a.region.score > b.region.score; });
  std::vector<Region> out;
  std::unordered_set<Key, KeyHash> seen(2 * candidates.size());
  for (const Candidate& candidate : candidates) {
    const cv::Rect& box = candidate.region.box;
    const Key key = {options.duplicates == Duplicates::kMasks ? candidate.hash : 0,
                     static_cast<uint64_t>(box.x), static_cast<uint64_t>(box.y),
                     static_cast<uint64_t>(box.width), static_cast<uint64_t>(box.height)};
    if (seen.insert(key).second) out.push_back(candidate.region);
  }
  return out;
}

}  // namespace

RegionSet Propose(const cv::Mat& rgb, const ProposalOptions& options, int threads) {
  options.Check();
  const cv::Mat image = Resized(rgb, options);
  const size_t colors = options.colors.size(), ks = options.ks.size();
  const size_t sums = options.similarities.size();

  struct Color {
    Color(const cv::Mat& in_space, double sigma) : graph(in_space, sigma), bins(in_space) {}
    PixelGraph graph;
    PixelBins bins;
  };
  std::vector<std::unique_ptr<Color>> color(colors);
  ForEach(threads, colors, [&](size_t i) {
    color[i] = std::make_unique<Color>(ToColorSpace(image, options.colors[i]), options.sigma);
  });

  const Footprints footprints(rgb.size(), image.size());
  std::vector<Ground> ground(colors * ks);
  ForEach(threads, ground.size(), [&](size_t i) {
    const Color& c = *color[i / ks];
    const double k = options.ks[i % ks];
    Ground& g = ground[i];
    g.segments = c.graph.Segment(k, static_cast<int>(std::lround(k)));
    g.table = Describe(c.bins, g.segments);
    g.neighbors = NeighborPairs(g.segments);
    g.footprints = footprints.Of(g.segments);
  });
  color.clear();

  std::vector<RegionSet::Hierarchy> hierarchies(ground.size() * sums);
  std::vector<std::vector<Candidate>> parts(hierarchies.size());
  ForEach(threads, hierarchies.size(), [&](size_t i) {
    const Ground& g = ground[i / sums];
    const Similarity similarity = Similarity::Parse(options.similarities[i % sums], "similarities");
    const MergeTree tree =
        Group(g.table, g.neighbors, similarity, static_cast<int64_t>(image.total()));
    hierarchies[i] = {static_cast<int>(i / sums),
                      {tree.first.begin(), tree.first.begin() + tree.leaves}};
    parts[i] = Candidates(tree, g, static_cast<int>(i), options);
  });

  std::vector<Candidate> candidates;
  for (const auto& part : parts) candidates.insert(candidates.end(), part.begin(), part.end());
  std::vector<cv::Mat> maps;
  for (const Ground& g : ground) maps.push_back(g.segments.map);
  RegionSet set(rgb.rows, rgb.cols, std::move(maps), std::move(hierarchies),
                Ranked(std::move(candidates), options));
  if (options.max_regions > 0) set.Truncate(static_cast<size_t>(options.max_regions));
  return set;
}

WholeHierarchy FirstHierarchy(const cv::Mat& rgb, const ProposalOptions& options) {
  options.Check();
  WholeHierarchy out;
  out.image = Resized(rgb, options);
  const cv::Mat in_space = ToColorSpace(out.image, options.colors[0]);
  const double k = options.ks[0];
  out.segments = PixelGraph(in_space, options.sigma).Segment(k, static_cast<int>(std::lround(k)));
  out.tree = Group(Describe(PixelBins(in_space), out.segments), NeighborPairs(out.segments),
                   Similarity::Parse(options.similarities[0], "similarities"),
                   static_cast<int64_t>(out.image.total()));
  return out;
}

}  // namespace seglab
