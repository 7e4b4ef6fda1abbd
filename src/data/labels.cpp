#include "data/labels.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <system_error>

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "data/classes.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

constexpr Color kVoidColor = {224, 224, 192};

Color ReadColor(const std::vector<int>& rgb, const std::string& where) {
  if (rgb.size() != 3) throw Error(where, ": a color is [r, g, b], found ", rgb.size(), " numbers");
  Color color;
  for (int c = 0; c < 3; ++c) {
    if (rgb[c] < 0 || rgb[c] > 255) throw Error(where, ": ", rgb[c], " is outside of 0 to 255");
    color[c] = static_cast<uint8_t>(rgb[c]);
  }
  return color;
}

}  // namespace

Color VocColor(int index) {
  // Bit 3k of the index goes to red, 3k+1 to green, 3k+2 to blue, from the highest bit downwards,
  // so that neighbouring indices get colors far apart (VOC development kit, VOClabelcolormap.m).
  Color color = {0, 0, 0};
  for (int bit = 7; index != 0; --bit, index >>= 3) {
    for (int channel = 0; channel < 3; ++channel) {
      color[channel] = static_cast<uint8_t>(color[channel] | (((index >> channel) & 1) << bit));
    }
  }
  return color;
}

Color MaskColor(const LabelSet& labels, int index) {
  if (index == kIgnoreLabel) return kVoidColor;
  if (index < static_cast<int>(labels.palette.size())) return labels.palette[index];
  return VocColor(index);
}

LabelSet NumberedLabels(int classes) {
  LabelSet labels;
  for (int i = 0; i < classes; ++i) {
    labels.names.push_back(StrCat("class ", i));
    labels.palette.push_back(VocColor(i));
  }
  return labels;
}

Json LabelsToJson(const LabelSet& labels) {
  return {{"names", labels.names}, {"palette", labels.palette}};
}

LabelSet ReadLabels(JsonReader& reader) {
  LabelSet labels;
  labels.names = reader.Require<std::vector<std::string>>("names");
  std::vector<std::vector<int>> palette;
  if (!reader.Get("palette", palette)) {
    labels.palette = NumberedLabels(labels.size()).palette;
    return labels;
  }
  if (palette.size() != labels.names.size()) {
    throw Error(reader.Path("palette"), ": ", palette.size(), " colors for ", labels.size(),
                " names; give one color a class, or leave the palette out");
  }
  for (const std::vector<int>& rgb : palette)
    labels.palette.push_back(ReadColor(rgb, reader.Path("palette")));
  return labels;
}

LabelSet LabelsFromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  LabelSet labels = ReadLabels(reader);
  reader.Finish();
  return labels;
}

int ClassIndex(const LabelSet& labels, const std::string& text, const std::string& where) {
  for (int i = 0; i < labels.size(); ++i) {
    if (text == labels.names[static_cast<size_t>(i)]) return i;
  }
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  const bool is_number = failure == std::errc() && rest == end;
  if (is_number && number >= 0 && number < labels.size()) return number;
  throw Error(where, ": ", UnknownName("class", text, labels.names), "; or its number, 0 to ",
              labels.size() - 1);
}

void CheckSameClasses(const LabelSet& trained, const LabelSet& used, const std::string& where) {
  if (trained.names == used.names || trained.size() != used.size()) return;
  const auto different =
      std::mismatch(trained.names.begin(), trained.names.end(), used.names.begin());
  const std::string text =
      StrCat(where, ": class ", different.first - trained.names.begin(), " is ",
             Quoted(*different.first), " in training and ", Quoted(*different.second), " here");
  const std::set<std::string> these(trained.names.begin(), trained.names.end());
  if (these == std::set<std::string>(used.names.begin(), used.names.end()))
    throw Error(text, ": the same classes in another order; give them in the order of training");
  Log::Warn(text, "; the scores are those of the classes trained");
}

LabelSet ParseLabels(const std::string& text, const std::string& where) {
  return ParseClasses(text, where).labels;
}

}  // namespace seglab
