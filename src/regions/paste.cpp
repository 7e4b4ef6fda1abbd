#include "regions/paste.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/core.hpp>
#include <stdexcept>

#include "base/error.h"

namespace seglab {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
/// What stands for scores of minus infinity where no finite score of the class is.
constexpr float kLowestScore = -1e6f;

void CheckScores(const RegionScores& scores, const RegionSet* set) {
  if (set != nullptr && set->regions().size() != static_cast<size_t>(scores.regions)) {
    throw std::logic_error("pasting: not a row of scores for each region");
  }
  for (const float score : scores.values) {
    if (score < kInfinity) continue;
    throw Error("scores of regions: one is ", score,
                "; train the classifiers anew, or look at the features");
  }
}

/// Regions' masks, which are asked for again and again.
class MaskCache {
 public:
  explicit MaskCache(const RegionSet& set) : set_(set), masks_(set.regions().size()) {}

  /// Whether two regions' intersection over union is larger than `limit`.
  bool OverlapExceeds(int64_t a, int64_t b, double limit) {
    const cv::Rect common = Box(a) & Box(b);
    if (common.empty()) return false;
    const Counted &one = Mask(a), &other = Mask(b);
    const double both = one.area + other.area;
    const auto exceeds = [&](double shared) { return shared > limit * (both - shared); };
    // Most pairs are decided by how much they could share at most.
    if (!exceeds(std::min({one.area, other.area, static_cast<double>(common.area())})))
      return false;
    const cv::Rect in_one = common - Box(a).tl(), in_other = common - Box(b).tl();
    return exceeds(cv::countNonZero(one.mask(in_one) & other.mask(in_other)));
  }

 private:
  struct Counted {
    cv::Mat mask;
    double area = 0;  // pixels
  };

  cv::Rect Box(int64_t region) const { return set_.regions()[static_cast<size_t>(region)].box; }
  const Counted& Mask(int64_t region) {
    Counted& found = masks_[static_cast<size_t>(region)];
    if (found.mask.empty()) {
      found.mask = set_.Mask(static_cast<size_t>(region));
      found.area = cv::countNonZero(found.mask);
    }
    return found;
  }

  const RegionSet& set_;
  std::vector<Counted> masks_;
};

/// Calls paint(index of segment, y, x) for each pixel of each segment, the best segment last.
template <typename Paint>
void ForEachPixel(std::span<const Segment> segments, const RegionSet& set, const Paint& paint) {
  for (size_t i = segments.size(); i-- > 0;) {
    const auto region = static_cast<size_t>(segments[i].region);
    const cv::Rect box = set.regions().at(region).box;
    const cv::Mat mask = set.Mask(region);
    for (int y = 0; y < box.height; ++y) {
      const auto* inside = mask.ptr<uint8_t>(y);
      for (int x = 0; x < box.width; ++x) {
        if (inside[x] != 0) paint(i, box.y + y, box.x + x);
      }
    }
  }
}

/// The scores of a pixel without a segment, background first.
std::vector<float> UncoveredScores(const RegionScores& scores, float threshold, float below) {
  std::vector<float> values(static_cast<size_t>(scores.classes + 1), kLowestScore);
  values[0] = threshold;
  for (int64_t r = 0; r < scores.regions; ++r) {
    const std::span<const float> row = scores.Row(r);
    for (size_t c = 0; c < row.size(); ++c) values[c + 1] = std::max(values[c + 1], row[c]);
  }
  for (size_t c = 1; c < values.size(); ++c) values[c] = std::min(values[c], below);
  return values;
}

/// The scores of a pixel of a segment, background first.
std::vector<float> CoveredScores(std::span<const float> row, const Segment& segment,
                                 float threshold, float below) {
  std::vector<float> values = {threshold};
  const float most = std::nextafter(segment.score, -kInfinity);
  for (const float score : row) {
    values.push_back(std::min(score == -kInfinity ? below : score, most));
  }
  values[static_cast<size_t>(segment.label)] = segment.score;
  return values;
}

}  // namespace

void SuppressScores(RegionScores& scores, const RegionSet& set, const PasteOptions& options) {
  options.Check();
  CheckScores(scores, &set);
  const auto threshold = static_cast<float>(options.threshold);
  MaskCache masks(set);
  for (int64_t c = 0; c < scores.classes; ++c) {
    const auto score = [&](int64_t region) -> float& {
      return scores.Row(region)[static_cast<size_t>(c)];
    };
    std::vector<int64_t> order;
    for (int64_t r = 0; r < scores.regions; ++r) {
      if (score(r) > threshold) order.push_back(r);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return score(a) > score(b); });
    std::vector<int64_t> kept;
    for (size_t i = 0; i < order.size(); ++i) {
      const bool among_best =
          options.top_regions == 0 || i < static_cast<size_t>(options.top_regions);
      const auto covered_by = [&](int64_t better) {
        return masks.OverlapExceeds(order[i], better, options.nms_overlap);
      };
      const bool covered =
          options.nms_overlap < 1 && std::any_of(kept.begin(), kept.end(), covered_by);
      if (among_best && !covered) {
        kept.push_back(order[i]);
      } else {
        score(order[i]) = -kInfinity;
      }
    }
  }
}

size_t CountSegments(std::span<const float> scores, const PasteOptions& options) {
  // Score maps hold the threshold in float, where it must stay below a segment's score.
  const auto threshold = static_cast<float>(options.threshold);
  const size_t most = std::min(scores.size(), static_cast<size_t>(options.max_segments));
  for (size_t k = 0; k < most; ++k) {
    const double least = options.threshold + static_cast<double>(k) * options.simplicity_bias;
    if (!(scores[k] > threshold) || !(scores[k] > least)) return k;
  }
  return most;
}

std::vector<Segment> ChooseSegments(const RegionScores& scores, const PasteOptions& options) {
  options.Check();
  CheckScores(scores, nullptr);
  std::vector<Segment> segments;
  for (int64_t r = 0; r < scores.regions && scores.classes > 0; ++r) {
    const std::span<const float> row = scores.Row(r);
    const auto best = std::max_element(row.begin(), row.end());
    if (*best > static_cast<float>(options.threshold)) {
      segments.push_back({r, static_cast<int>(best - row.begin()) + 1, *best});
    }
  }
  std::stable_sort(segments.begin(), segments.end(),
                   [](const Segment& a, const Segment& b) { return a.score > b.score; });
  std::vector<float> best_scores;
  for (const Segment& segment : segments) best_scores.push_back(segment.score);
  segments.resize(CountSegments(best_scores, options));
  return segments;
}

cv::Mat PaintSegments(std::span<const Segment> segments, const RegionSet& set) {
  cv::Mat painted(set.height(), set.width(), CV_32SC1, cv::Scalar(-1));
  ForEachPixel(segments, set, [&](size_t segment, int y, int x) {
    painted.ptr<int>(y)[x] = static_cast<int>(segment);
  });
  return painted;
}

cv::Mat PasteLabels(std::span<const Segment> segments, const RegionSet& set) {
  cv::Mat labels(set.height(), set.width(), CV_32SC1, cv::Scalar(0));
  ForEachPixel(segments, set, [&](size_t segment, int y, int x) {
    labels.ptr<int>(y)[x] = segments[segment].label;
  });
  return labels;
}

void PasteScores(const RegionScores& scores, std::span<const Segment> segments,
                 const RegionSet& set, const PasteOptions& options, std::span<float> out) {
  CheckScores(scores, &set);
  const int64_t channels = scores.classes + 1;
  const int64_t pixels = static_cast<int64_t>(set.height()) * set.width();
  if (static_cast<int64_t>(out.size()) != channels * pixels) {
    throw std::logic_error("PasteScores: the output has another size");
  }
  const auto threshold = static_cast<float>(options.threshold);
  const auto below = std::min(static_cast<float>(options.threshold - options.margin),
                              std::nextafter(threshold, -kInfinity));
  // Of each segment, then of no segment.
  std::vector<std::vector<float>> values;
  for (const Segment& segment : segments) {
    values.push_back(CoveredScores(scores.Row(segment.region), segment, threshold, below));
  }
  values.push_back(UncoveredScores(scores, threshold, below));

  const cv::Mat painted = PaintSegments(segments, set);
  const auto* const segment_of = painted.ptr<int>();
  for (int64_t channel = 0; channel < channels; ++channel) {
    float* const plane = out.data() + channel * pixels;
    for (int64_t i = 0; i < pixels; ++i) {
      const int segment = segment_of[i];
      const std::vector<float>& all =
          segment < 0 ? values.back() : values[static_cast<size_t>(segment)];
      plane[i] = all[static_cast<size_t>(channel)];
    }
  }
}

void PasteImage(RegionScores scores, const RegionSet& set, const PasteOptions& options,
                std::span<float> out) {
  SuppressScores(scores, set, options);
  PasteScores(scores, ChooseSegments(scores, options), set, options, out);
}

}  // namespace seglab
