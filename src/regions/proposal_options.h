#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "regions/color_space.h"

namespace seglab {

/// Which proposals count as the same.
enum class Duplicates {
  kMasks,  ///< equal pixels
  kBoxes,  ///< equal boxes, as published
};

/// Selective search with the parameters of R-CNN (Uijlings et al. 2013; Girshick et al. 2014,
/// selective_search_boxes.m). There is one hierarchy for each colour space, threshold and sum of
/// similarities. The defaults are mode "fast".
struct ProposalOptions {
  std::vector<ColorSpace> colors = {ColorSpace::kHsv, ColorSpace::kLab};
  std::vector<std::string> similarities = {"CTSF", "TSF"};  ///< as Similarity::Parse reads them
  std::vector<double> ks = {50,
                            100};  ///< thresholds of PixelGraph; also its smallest segment, pixels
  double sigma = 0.8;   ///< of the Gaussian in front of the segmentation, pixels; 0: none
  int width = 500;      ///< images are resized to it, pixels; 0: they are not
  int min_side = 20;    ///< of a box, pixels after resizing; the whole image always stays
  uint64_t seed = 0;    ///< of the order
  int max_regions = 0;  ///< the first ones; 0: all
  Duplicates duplicates = Duplicates::kMasks;

  static ProposalOptions Fast() { return {}; }
  /// All 80 hierarchies: five colour spaces, four sums, four thresholds.
  static ProposalOptions Quality();

  /// A mode, "fast" or "quality", or an object with the members' names, "mode", and names as
  /// ColorSpaceRows and "masks" or "boxes" give them.
  /// @throws Error naming the member that is wrong
  static ProposalOptions FromJson(const Json& json, const std::string& path);

  /// What FromJson reads, all members.
  Json ToJson() const;

  /// @throws Error when a list is empty or names something twice, or a number is out of range
  void Check(const std::string& where = "ProposalOptions") const;
};

}  // namespace seglab
