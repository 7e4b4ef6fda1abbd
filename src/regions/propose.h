#pragma once

#include <opencv2/core/mat.hpp>

#include "regions/grouping.h"
#include "regions/proposal_options.h"
#include "regions/region_set.h"

namespace seglab {

/// Region proposals of an image: selective search (Uijlings et al. 2013) with R-CNN's parameters.
///
/// The image is resized to options.width (an image so tall that it would have more than
/// 4 width^2 pixels then, to that many). In each colour space it is over-segmented at each
/// threshold, and the segments are grouped by each sum of similarities; every node of every
/// hierarchy is a candidate. What is smaller than min_side is left out, the rest is put in order by
/// random number times level (section 3.3 there; the numbers of a hierarchy are a stream of seed
/// and its index), and of duplicates the first stays.
///
/// The same for any number of threads.
/// @param rgb      CV_8UC3
/// @param threads  at least 1
/// @throws Error on another type, no pixels, or wrong options
RegionSet Propose(const cv::Mat& rgb, const ProposalOptions& options, int threads);

/// One hierarchy in full: that of the first colour space, threshold and sum of similarities.
struct WholeHierarchy {
  cv::Mat image;      ///< resized, CV_8UC3, R G B
  Segments segments;  ///< of it
  MergeTree tree;
};

/// @throws Error as Propose
WholeHierarchy FirstHierarchy(const cv::Mat& rgb, const ProposalOptions& options);

}  // namespace seglab
