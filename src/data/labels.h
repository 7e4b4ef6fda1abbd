#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace seglab {

using Color = std::array<uint8_t, 3>;  ///< R, G, B

/// The label that no loss and no score counts.
inline constexpr int kIgnoreLabel = 255;

/// The classes of a data set, in label order.
struct LabelSet {
  std::vector<std::string> names;
  std::vector<Color> palette;  ///< one color per class, for masks and overlays
  int size() const { return static_cast<int>(names.size()); }
};

/// The VOC color of class `index` (bits of the index spread over R, G, B).
Color VocColor(int index);

/// The color of `index` in masks and overlays: the palette's, void (224,224,192) for kIgnoreLabel,
/// and VocColor for what the palette does not hold.
Color MaskColor(const LabelSet& labels, int index);

/// "class 0", "class 1", ... in VOC's colors.
LabelSet NumberedLabels(int classes);

/// Names and palette alone, as checkpoints and results hold them.
Json LabelsToJson(const LabelSet& labels);
LabelSet ReadLabels(JsonReader& reader);
LabelSet LabelsFromJson(const Json& json, const std::string& path);

/// The classes that a user names: "voc", "camvid", or the path of a classes.json.
/// @param where  names the text in errors
LabelSet ParseLabels(const std::string& text, const std::string& where);

/// The class that a user names, or gives the number of.
/// @throws Error "where: ..." that lists the classes where it is none of them
int ClassIndex(const LabelSet& labels, const std::string& text, const std::string& where);

/// Warns where classes of two label sets of one size differ; the first pair is named.
/// @throws Error when they are the same in another order: every score would be another class's
void CheckSameClasses(const LabelSet& trained, const LabelSet& used, const std::string& where);

}  // namespace seglab
