#include "data/labels.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "data/camvid.h"
#include "data/voc.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

constexpr Color kVoidColor = {224, 224, 192};

/// "255", a mask's raw value as key or member.
uint8_t RawValue(const std::string& text, const std::string& where) {
  const bool digits = !text.empty() && text.size() <= 3 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  const int value = digits ? std::stoi(text) : -1;
  if (value < 0 || value > 255)
    throw Error(where, ": ", text, " is no mask value, these are 0 to 255");
  return static_cast<uint8_t>(value);
}

MaskValues ReadMaskValues(JsonReader& reader, int classes) {
  MaskValues values;
  if (Json meanings; reader.Get("values", meanings)) {
    const std::string path = reader.Path("values");
    if (!meanings.is_object())
      throw Error(path, ": must be an object, {\"mask value\": class}, as in {\"255\": 1}");
    JsonReader each(meanings, path);
    for (const auto& [raw, meaning] : meanings.items()) {
      const uint8_t value = RawValue(raw, path);
      const int label = each.Require<int>(raw);
      if (label != kIgnoreLabel && (label < 0 || label >= classes)) {
        throw Error(each.Path(raw), ": ", label, " is no class, these are 0 to ", classes - 1,
                    ", and 255 is void");
      }
      values.Set(value, static_cast<uint8_t>(label));
    }
  }
  std::vector<int> ignore;
  reader.Get("ignore", ignore);
  for (int value : ignore)
    values.Set(RawValue(std::to_string(value), reader.Path("ignore")), kIgnoreLabel);
  return values;
}

Color ReadColor(const std::vector<int>& rgb, const std::string& where) {
  if (rgb.size() != 3) throw Error(where, ": a color is [r, g, b], found ", rgb.size(), " numbers");
  Color color;
  for (int c = 0; c < 3; ++c) {
    if (rgb[c] < 0 || rgb[c] > 255) throw Error(where, ": ", rgb[c], " is outside of 0 to 255");
    color[c] = static_cast<uint8_t>(rgb[c]);
  }
  return color;
}

/// Names, and the palette where there is one.
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

MaskValues::MaskValues() { std::iota(meanings_.begin(), meanings_.end(), uint8_t{0}); }

void MaskValues::Set(uint8_t raw, uint8_t meaning) {
  meanings_[raw] = meaning;
  if (meaning != raw) changes_ = true;
}

Classes ClassesFromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  Classes classes;
  classes.labels = ReadLabels(reader);
  const std::vector<std::string>& names = classes.labels.names;
  if (names.empty() || names.size() > kIgnoreLabel) {
    throw Error(reader.Path("names"), ": ", names.size(), " classes, there must be 1 to ",
                kIgnoreLabel, " (", kIgnoreLabel, " itself is void)");
  }
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second)
      throw Error(reader.Path("names"), ": \"", name, "\" stands there twice");
  }
  classes.values = ReadMaskValues(reader, classes.labels.size());
  reader.Finish();
  return classes;
}

Json LabelsToJson(const LabelSet& labels) {
  return {{"names", labels.names}, {"palette", labels.palette}};
}

LabelSet LabelsFromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  LabelSet labels = ReadLabels(reader);
  reader.Finish();
  return labels;
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
  if (text == "voc") return VocLabels();
  if (text == "camvid") return CamvidLabels();
  if (!FileExists(text)) {
    throw Error(where, ": \"", text,
                "\" is neither voc nor camvid nor a JSON file {\"names\": [...]}");
  }
  const Json json = ReadJsonFile(text);
  if (!json.is_object()) throw Error(text, ": must be an object {\"names\": [...]}");
  return ClassesFromJson(json, text).labels;
}

}  // namespace seglab
