#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/results.h"

namespace seglab {

/// The scores of one image by itself, in [0, 1]; NaN where it has no labelled pixel.
struct ImageScore {
  std::string name;
  double mean_iou = 0;  ///< over the classes that are true or said somewhere in the image
  double pixel_acc = 0;
};

/// Of an evaluation, in the order of its data set: from the counts that it keeps of each image.
/// Empty where they are missing or damaged, of which the section on certainty has a note.
std::vector<ImageScore> ReadImageScores(const RunResult& run);

/// Writes a line for each image of each segmentation run: run, group, seed, image, pixel_acc and
/// mean_iou in percent. @return false where no run has scores of images; then nothing is written
bool WriteImageScores(const ExperimentResult& result, const std::string& path);

/// How the images of each row are spread: their mean IU in ascending order. A <figure>, or "".
std::string ImageScoresPlot(const ExperimentResult& result);

}  // namespace seglab
