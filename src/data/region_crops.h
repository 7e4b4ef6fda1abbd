#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"
#include "data/labels.h"
#include "regions/proposal_options.h"
#include "regions/region_crop.h"

namespace seglab {

/// Regions of a data set's images as pictures of one class each: "regions" in a data set's JSON. A
/// classifier that descends on them is R-CNN's trunk fine-tuned to regions (Girshick et al. 2014,
/// section 2.3 and appendix B): a region is of the class of the object that it overlaps best, if by
/// `positive_overlap` at least, else of the background.
struct RegionCropsOptions {
  ProposalOptions proposals;
  CropOptions crop;
  bool foreground = false;       ///< "features": "full", or "fg", where the rest is `fill`
  int positives = 8;             ///< crops of objects from an image, 0 to 1000,
  int negatives = 24;            ///< and of the background: 32 and 96 of a batch, as published
  double positive_overlap = .5;  ///< above 0, at most 1
  int min_object = 20;           ///< objects with a smaller box side are none, pixels
  Color fill = {124, 116, 104};  ///< beyond the image, R, G, B; ImageNet's mean
  uint64_t seed = 0;             ///< of the draw
  /// Folder of proposals, see ProposalCache. "": those of an image are made again whenever it comes
  /// back after others.
  std::string cache;

  /// @throws Error naming the member that is wrong
  static RegionCropsOptions FromJson(const Json& json, const std::string& path);
  Json ToJson() const;  ///< without "cache"
};

/// Sample i is crop i mod (positives + negatives) of image i / (positives + negatives); regions are
/// drawn with replacement among an image's proposals and objects. An image without objects gives
/// background in place of positives. The published code draws over all images at once; drawing an
/// equal number from each needs no list of all regions.
/// @param images  with label maps; its background is class 0
/// @throws Error when the cache cannot be made
std::shared_ptr<const Dataset> MakeRegionCrops(std::shared_ptr<const Dataset> images,
                                               const RegionCropsOptions& options);

}  // namespace seglab
