#pragma once

#include <string>

#include "report/certainty.h"

namespace seglab {

/// The section "How sure": mean IU of each row with its interval as a picture, and which rows
/// differ by more than noise. "" where nothing can be said.
std::string CertaintySection(const Certainty& certainty, const std::vector<std::string>& columns);

}  // namespace seglab
