#pragma once

#include <string>

#include "data/labels.h"

// Pictures inside the page, made smaller. Each is "" where its file is missing or broken, which is
// warned of.
namespace seglab {

/// The <img> of a photograph. @param side  of the picture inside the page, at most
std::string PhotoHtml(const std::string& path, const std::string& description, int side);

/// The <img> of a label map.
std::string MaskHtml(const std::string& path, const std::string& description,
                     const LabelSet& labels, int side);

/// The <img class="errors"> that lies over a prediction and covers what is right or void.
std::string ErrorsHtml(const std::string& prediction, const std::string& truth, int side);

}  // namespace seglab
