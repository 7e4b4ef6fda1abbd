#include "data/classes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/camvid.h"
#include "data/file_table.h"
#include "data/sets/ade20k.h"
#include "data/sets/cityscapes.h"
#include "data/sets/coco_stuff.h"
#include "data/sets/nyudv2.h"
#include "data/sets/oxford_pets.h"
#include "data/sets/pascal_context.h"
#include "data/sets/sift_flow.h"
#include "data/voc.h"

namespace seglab {
namespace {

/// 0 to `max` in decimal digits.
std::optional<int> DigitsOf(std::string_view text, int max) {
  const bool digits = !text.empty() && text.size() <= 5 &&
                      text.find_first_not_of("0123456789") == std::string_view::npos;
  const int value = digits ? std::stoi(std::string(text)) : -1;
  return value >= 0 && value <= max ? std::optional(value) : std::nullopt;
}

/// "r,g,b" or "#rrggbb".
std::optional<Color> ColorOf(std::string_view text) {
  Color color;
  if (text.size() == 7 && text[0] == '#' &&
      text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string_view::npos) {
    const int rgb = std::stoi(std::string(text.substr(1)), nullptr, 16);
    return Color{static_cast<uint8_t>(rgb >> 16), static_cast<uint8_t>(rgb >> 8),
                 static_cast<uint8_t>(rgb)};
  }
  for (int c = 0; c < 3; ++c) {
    const size_t comma = c < 2 ? text.find(',') : text.size();
    if (comma == std::string_view::npos) return std::nullopt;
    std::string_view part = text.substr(0, comma);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    const std::optional<int> value = DigitsOf(part, 255);
    if (!value) return std::nullopt;
    color[c] = static_cast<uint8_t>(*value);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return color;
}

/// Reads "values", "ignore" and "threshold" into MaskValues.
class ValuesReader {
 public:
  ValuesReader(JsonReader& reader, const LabelSet& labels) : reader_(reader), labels_(labels) {}

  void Read(MaskValues& values) {
    if (Json meanings; reader_.Get("values", meanings)) {
      if (!meanings.is_object()) {
        throw Error(reader_.Path("values"),
                    ": must be an object, {\"mask value\": class}, as in {\"255\": 1}");
      }
      for (const auto& [key, meaning] : meanings.items()) ReadRow(key, meaning, values);
    }
    if (Json ignore; reader_.Get("ignore", ignore)) {
      const Json list = ignore.is_array() ? ignore : Json::array({ignore});
      for (const Json& raw : list) {
        if (raw == "others") {
          values.IgnoreOthers();
        } else {
          SetRaw(raw, kIgnoreLabel, reader_.Path("ignore"), values);
        }
      }
    }
    int threshold = 0;
    if (!reader_.Get("threshold", threshold, 1, 255)) return;
    if (labels_.size() != 2) {
      throw Error(reader_.Path("threshold"), ": parts masks in two classes, there are ",
                  labels_.size());
    }
    values.SetThreshold(threshold);
  }

 private:
  /// {"7": 0}, {"7": "road"}, {"128,64,128": 0} or {"road": [7, 8]}.
  void ReadRow(const std::string& key, const Json& meaning, MaskValues& values) {
    const std::string path = reader_.Path("values"), where = path + "." + key;
    const bool is_raw = DigitsOf(key, MaskValues::kMaxRaw) || ColorOf(key);
    const std::optional<int> named = is_raw ? std::nullopt : ClassNamed(key);
    if (named) {
      for (const Json& raw : meaning.is_array() ? meaning : Json::array({meaning}))
        SetRaw(raw, static_cast<uint8_t>(*named), where, values);
      return;
    }
    SetRaw(key, Label(meaning, where), path, values);
  }

  uint8_t Label(const Json& meaning, const std::string& where) const {
    if (meaning.is_string()) {
      const std::string name = meaning.get<std::string>();
      if (const std::optional<int> named = ClassNamed(name)) return static_cast<uint8_t>(*named);
      throw Error(where, ": ", UnknownName("class", name, labels_.names), "; or \"void\"");
    }
    if (!meaning.is_number_integer()) {
      throw Error(where, ": must be a class, its number or its name, found ", meaning.dump());
    }
    const auto label = meaning.get<int64_t>();
    if (label != kIgnoreLabel && (label < 0 || label >= labels_.size())) {
      throw Error(where, ": ", label, " is no class, these are 0 to ", labels_.size() - 1,
                  ", and 255 is void");
    }
    return static_cast<uint8_t>(label);
  }

  /// A class's number by its name; void has some, too.
  std::optional<int> ClassNamed(const std::string& name) const {
    const auto found = std::find(labels_.names.begin(), labels_.names.end(), name);
    if (found != labels_.names.end()) return static_cast<int>(found - labels_.names.begin());
    if (name == "void" || name == "ignore") return kIgnoreLabel;
    return std::nullopt;
  }

  /// 7, "7", [128, 64, 128] or "128,64,128".
  static void SetRaw(const Json& raw, uint8_t label, const std::string& where, MaskValues& values) {
    std::string text = raw.is_string() ? raw.get<std::string>() : raw.dump();
    if (raw.is_array() && text.size() > 2) text = text.substr(1, text.size() - 2);
    if (const std::optional<int> value = DigitsOf(text, MaskValues::kMaxRaw)) {
      values.Set(*value, label);
    } else if (const std::optional<Color> color = ColorOf(text)) {
      values.SetColor(*color, label);
    } else {
      throw Error(where, ": ", text, " is no mask value, these are 0 to ", MaskValues::kMaxRaw,
                  ", or colors as \"128,64,128\"");
    }
  }

  JsonReader& reader_;
  const LabelSet& labels_;
};

}  // namespace

Classes ClassesFromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  Classes classes;
  classes.labels = ReadLabels(reader);
  const std::vector<std::string>& names = classes.labels.names;
  if (names.empty() || names.size() > kIgnoreLabel) {
    throw Error(reader.Path("names"), ": ", names.size(), " classes, there must be 1 to ",
                kIgnoreLabel, " (labels are of 8 bits, and ", kIgnoreLabel,
                " is void); join some with \"values\"");
  }
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second)
      throw Error(reader.Path("names"), ": \"", name, "\" stands there twice");
  }
  if (reader.Has("palette")) classes.values.SetPalette(classes.labels);
  ValuesReader(reader, classes.labels).Read(classes.values);
  reader.Finish();
  return classes;
}

Classes ParseClasses(const std::string& text, const std::string& where) {
  using Make = const LabelSet& (*)();
  static const std::vector<std::pair<std::string, Make>> kSets = {
      {"voc", VocLabels},
      {"camvid", CamvidLabels},
      {"cityscapes", CityscapesLabels},
      {"ade20k", Ade20kLabels},
      {"pascal_context", PascalContextLabels},
      {"nyudv2", Nyudv2Labels},
      {"sift_flow", SiftFlowLabels},
      {"coco_stuff", CocoStuffLabels},
      {"oxford_pets", OxfordPetsLabels}};
  std::vector<std::string> names;
  for (const auto& [name, make] : kSets) {
    if (text == name) return {make(), {}};
    names.push_back(name);
  }
  const std::string file = FolderExists(text) ? JoinPath(text, "classes.json") : text;
  if (!FileExists(file)) {
    throw Error(where, ": \"", text, "\" is neither a data set's name (", Join(names),
                ") nor a JSON file {\"names\": [...]}", NearestPathHint(file));
  }
  if (file.ends_with(".txt")) return ClassesFromJson({{"names", ReadLines(file)}}, file);
  const Json json = ReadJsonFile(file);
  if (!json.is_object()) throw Error(file, ": must be an object {\"names\": [...]}");
  return ClassesFromJson(json, file);
}

}  // namespace seglab
