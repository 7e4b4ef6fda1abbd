#pragma once

#include <string>

#include "base/json.h"
#include "data/labels.h"
#include "data/mask_values.h"

namespace seglab {

/// What a classes.json says.
struct Classes {
  LabelSet labels;
  MaskValues values;
};

/// Reads a classes.json, of which "names" is enough:
///
///   {"names": ["sky", "road"],                class 0, class 1, ...
///    "palette": [[r, g, b], ...],             a color a class, VOC's without; masks of colors
///    (RGB)
///                                             are read through it
///    "values": {"7": 1, "128,64,128": "road", "sky": [23, "70,130,180"]},
///                                             what raw values (to 65535) and colors of masks mean
///    "ignore": [11, [0, 0, 0]],               those that become kIgnoreLabel; "others" = all that
///                                             "values" does not list
///    "threshold": 128}                        masks of two classes, see MaskValues::SetThreshold
///
/// @throws Error when names are missing, more than 255 or stand there twice, when there are colors
/// but not one a class, or a value is none
Classes ClassesFromJson(const Json& json, const std::string& path);

/// The classes that a user names: a data set's name, the path of a classes.json or of the folder
/// that it lies in, or of a text with a name a line (.txt).
/// @param where  names the text in errors
Classes ParseClasses(const std::string& text, const std::string& where);

}  // namespace seglab
