#pragma once

#include <string>
#include <vector>

#include "data/audit.h"
#include "data/dataset.h"

namespace seglab {

/// What would mend the faults that an audit found in masks, a line each, as it is to stand in
/// classes.json: "\"values\": {\"255\": 1}". Looks at up to 100 masks as they are stored. Empty
/// where nothing is wrong or nothing is known.
std::vector<std::string> ProposeMends(const Dataset& dataset, const Audit& audit);

/// Why a network can learn nothing from what was read: no labelled pixel, a single class. "" when
/// it can.
std::string WhyHopeless(const Audit& audit, const LabelSet& labels);

/// Pictures that two data sets share.
struct SharedPictures {
  int64_t count = 0;
  std::vector<std::string> names;  ///< the first of them: "a", or "a = b" where names differ
};
/// Compares the content of image files of equal size. Samples without files are none.
SharedPictures FindSharedPictures(const Dataset& one, const Dataset& other, size_t max_kept = 5);

}  // namespace seglab
