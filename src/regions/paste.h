#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <span>
#include <vector>

#include "regions/paste_options.h"
#include "regions/region_scores.h"
#include "regions/region_set.h"

// From regions to pixels (O2P, Carreira et al., ECCV 2012, as the published code of SDS does it):
//
//   1. SuppressScores: a class forgets all but its best regions, and those that a better one
//   covers;
//   2. ChooseSegments: a region's label is its best class, if that scores more than the background,
//      which scores `threshold` everywhere; the best `max_segments` regions stay;
//   3. PaintSegments: they are painted, the best last, so that it covers the others.
//
// Labels of pixels are 0 for the background and c + 1 for class c of the scores.

namespace seglab {

/// A region that is painted.
struct Segment {
  int64_t region;  ///< row of the scores, index into the set
  int label;       ///< 1 ... classes
  float score;     ///< of its class

  bool operator==(const Segment&) const = default;
};

/// Sets to minus infinity, class by class, what scores more than `options.threshold` but is not
/// among the best `top_regions` (of equal scores the earlier region is better), or has a larger IoU
/// than `nms_overlap` with a better region that is not itself set so. Other scores stay.
/// @throws Error at NaN or plus infinity
void SuppressScores(RegionScores& scores, const RegionSet& set, const PasteOptions& options);

/// How many of regions' best scores, given in descending order, make segments: at most
/// `max_segments`, and the k-th, from 0, only if it is above threshold + k simplicity_bias.
size_t CountSegments(std::span<const float> scores, const PasteOptions& options);

/// The segments, best first; of equal scores the earlier region, of equal classes the earlier.
/// @throws Error at NaN or plus infinity
std::vector<Segment> ChooseSegments(const RegionScores& scores, const PasteOptions& options);

/// For each pixel the index of the best segment that covers it, -1 where none does. CV_32SC1.
cv::Mat PaintSegments(std::span<const Segment> segments, const RegionSet& set);

/// The label of each pixel. CV_32SC1.
cv::Mat PasteLabels(std::span<const Segment> segments, const RegionSet& set);

/// Score maps whose arg max is PasteLabels', at each pixel alone: no channel equals the largest.
///
///   background, everywhere              t = threshold
///   covered, the segment's label        s, the segment's score, above t
///   covered, another class              what the segment's region scores for it, and below s:
///   where
///                                       two classes tie, the later is the next smaller number;
///                                       t - margin where the score was suppressed
///   not covered, a class                its best score in the image, but at most t - margin
///
/// So differences of channels are differences of SVM scores, of which a margin is the natural unit,
/// and a CRF may take them for logits: what lies under a strong segment is hard to change; what no
/// segment covers is background by a margin, and by more against a class that scores low everywhere
/// in the image. All values are finite.
/// @param out  (classes + 1) x height x width values
/// @throws Error at NaN or plus infinity
void PasteScores(const RegionScores& scores, std::span<const Segment> segments,
                 const RegionSet& set, const PasteOptions& options, std::span<float> out);

/// Steps 1 to 3 of one image, into score maps.
void PasteImage(RegionScores scores, const RegionSet& set, const PasteOptions& options,
                std::span<float> out);

}  // namespace seglab
