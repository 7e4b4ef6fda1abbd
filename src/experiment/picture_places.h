#pragma once

#include <string>

#include "data/dataset.h"
#include "inference/picture_sink.h"

namespace seglab {

/// Where an evaluation's pictures go: images and truths into <experiment_folder>/pictures, once for
/// all evaluations on the same ones (others get a folder pictures@<hash>, which shared.txt beside
/// the predictions names), predictions into <run_folder>/pictures, or pictures-<evaluation>.
/// @param count  of pictures, at least 1
PicturePlaces MakePicturePlaces(const Dataset& dataset, int count,
                                const std::string& experiment_folder, const std::string& run_folder,
                                const std::string& evaluation);

}  // namespace seglab
