#pragma once

#include <string>
#include <vector>

#include "report/results.h"

namespace seglab {

/// One image of a gallery.
struct GalleryImage {
  std::string name;
  std::string image, truth;              ///< paths
  std::vector<std::string> predictions;  ///< paths, one for each run; "" where it is missing
  std::vector<double> scores;            ///< mean IU of the image in [0, 1], NaN = unknown
};

/// Images that are shown together: "Worst", "Most disputed", "Best"; "" where all are shown.
struct GalleryPart {
  std::string title;
  std::vector<GalleryImage> images;
};

/// What runs that are scored on the same images say of some of them.
struct Gallery {
  std::vector<const RunResult*> runs;  ///< those shown, as they stand in the table
  std::vector<std::string> names;      ///< of the runs, short
  size_t left_out = 0;                 ///< runs that are not shown, since many are
  size_t kept = 0;                     ///< images whose predictions are there
  std::vector<GalleryPart> parts;
  std::vector<GalleryImage> typical;  ///< of each run, the median of its images by their score
};

/// The galleries of an experiment, one for each choice of validation images. Folders of runs are
/// read, see inference/picture_sink.h; what is missing or damaged is left out. Worst and best are
/// those by the mean over the runs of an image's mean IU, most disputed those where it differs most
/// between runs.
std::vector<Gallery> MakeGalleries(const ExperimentResult& result);

}  // namespace seglab
