#pragma once

#include <array>
#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "regions/descriptors.h"

namespace seglab {

/// Which similarities of two regions are added up (Uijlings et al. 2013, equations 2 to 6), each
/// of 0 to 1.
struct Similarity {
  bool color = false;    ///< C: intersection of the colour histograms
  bool texture = false;  ///< T: intersection of the texture histograms
  bool size = false;     ///< S: 1 - (|a| + |b|) / |image|, small regions first
  bool fill = false;     ///< F: 1 - (|box of both| - |a| - |b|) / |image|

  /// Of letters: "CTSF", "TSF", "F". @throws Error on other letters, one twice, or none
  static Similarity Parse(const std::string& letters, const std::string& where);
};

/// Pairs {a, b}, a < b, of segments that touch, by sides or by corners: sorted, each once.
std::vector<std::array<int, 2>> NeighborPairs(const Segments& segments);

/// Similarity of regions a and b of the table.
/// @param pixels  of the whole image
float SimilarityOf(const RegionTable& table, int a, int b, const Similarity& similarity,
                   int64_t pixels);

/// The merges of n segments, one after the other. Node i < n is segment i, node n + i the result of
/// merge i; the last node is the whole image.
struct MergeTree {
  int leaves = 0;
  std::vector<std::array<int, 2>> children;  ///< of node n + i, n - 1 of them
  /// Leaves are the segments numbered anew, so that those of each node are [first, last).
  std::vector<int> first, last;

  int nodes() const { return 2 * leaves - 1; }
  /// 1 for the last merge, counted backwards; all segments have the largest level, n.
  int Level(int node) const { return node < leaves ? leaves : nodes() - node; }
  /// The nodes of a partition into `count` regions (1 ... n), the one that stood when so many
  /// were left.
  std::vector<int> Partition(int count) const;
};

/// Merges the most similar pair of neighbours again and again until one region is left. Of equally
/// similar pairs the one of the earliest nodes comes first.
/// @param table      of the segments; taken by value: their rows become those of merged regions
/// @param neighbors  as NeighborPairs gives them; all segments must hang together
MergeTree Group(RegionTable table, const std::vector<std::array<int, 2>>& neighbors,
                const Similarity& similarity, int64_t pixels);

}  // namespace seglab
