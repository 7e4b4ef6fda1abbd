#pragma once

#include <string>

#include "data/dataset.h"
#include "models/seg_model.h"

namespace seglab {

/// Predicts `count` samples spread evenly over a data set for the report: image and truth go to
/// <experiment_folder>/pictures/<k>_image.jpg, <k>_truth.png and names.json, once for all runs that
/// are scored on the same (others get a folder pictures@<hash>, which shared.txt beside the
/// predictions names); the prediction to <run_folder>/pictures/<k>.png.
void WritePictures(SegModel& model, const Dataset& dataset, int count,
                   const std::string& experiment_folder, const std::string& run_folder);

}  // namespace seglab
