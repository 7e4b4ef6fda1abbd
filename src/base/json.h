#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/json_defaults.h"

namespace seglab {

/// Parses `text`. Comments (// and /* */) are allowed; lists and objects may nest 200 deep, and an
/// object may have 10,000 keys: more is no settings, and every look-up goes through them. A text
/// may have 5,000,000 values, each of which takes memory many times its own size.
/// @param where  what the text is, for the message: a file's path, "--model"
/// @throws Error "where:line:column: ..." on a syntax error or a key given twice in one object
Json ParseJson(std::string_view text, const std::string& where);

/// Takes an element of the list that is named `list` in the outermost object.
using TakeRow = std::function<void(const std::string& list, Json&& row)>;

/// Parses a text of any size whose bulk stands in lists of its outermost object, as COCO's
/// annotations do: their elements are handed over one after the other, each as large as a text may
/// be for ParseJson, and forgotten. @return the value with these lists empty
/// @throws Error as ParseJson, and whatever `take` throws
Json ParseJsonRows(std::string_view text, const std::string& where, const TakeRow& take);

/// Reads a file and resolves its inheritance: `"base": "path"` (relative to the file; or a list of
/// paths, later ones win) is read first and this file's keys are merged over it, see MergeJson.
/// A file may be a base several times; 100 are read in all.
/// @throws Error on a missing file, a syntax error, or a file that inherits from itself
Json ReadJsonFile(const std::string& path);

/// Merges `over` into `base`: objects key by key, anything else is replaced; a null removes the
/// key.
void MergeJson(Json& base, const Json& over);

/// Applies "a.b.c=value" to `root`. The value is parsed as JSON; if that fails, it is a string.
/// A number as a step selects an element of a list: runs.0.seed=2. Missing objects are made.
/// The value null removes a key, as in MergeJson, or an element of a list.
/// @throws Error when there is no "=", an empty step, or a step into something that has no members
void ApplySetting(Json& root, const std::string& setting);

/// The same with a value: SetAt(root, "a.b.c", 3, "sweep").
/// @param where  begins the text of errors
void SetAt(Json& root, const std::string& path, const Json& value, const std::string& where);

/// The same with the path's steps, of which there is at least one. A step may hold dots.
void SetAtSteps(Json& root, const std::vector<std::string>& steps, const Json& value,
                const std::string& where);

/// {"a", "b", "c"} of "a.b.c". @throws Error at an empty step, and of more than 100
std::vector<std::string> PathSteps(const std::string& path, const std::string& where);

/// The text "a.b.c=value" in two.
struct SettingText {
  std::string path, value;
};

/// Parts a setting at its first "=" at or behind byte `from`. @throws Error where there is none
SettingText SplitSetting(const std::string& setting, size_t from = 0);

/// The value of a setting: JSON, or, where it is none, the text itself.
/// @throws Error where that is not UTF-8
Json SettingValue(const std::string& text, const std::string& where);

/// The text for a file: indented, lists of plain values on one line, with a line end. Bytes that
/// are no UTF-8, as names of files may hold, become U+FFFD.
std::string JsonText(const Json& value);

/// The text with sorted keys, no spaces and 19.0 written as 19: equal content gives equal text.
std::string CanonicalJson(const Json& value);

/// A checked view of one JSON object: every key must be asked for, every value must have the type
/// and range asked for. Errors name the JSON path ("runs[2].train.lr") and the nearest known key.
///
///   JsonReader reader(json, "train");
///   reader.Get("lr", options.lr, 0.0, 1e6);     // absent: the default stays
///   options.name = reader.Require<std::string>("name");
///   reader.Finish();                            // throws on keys that nobody asked for
///
/// Types: bool, int, int64_t, uint64_t, double, std::string, Json (anything), std::vector of these.
/// 19.5 for an integer, 1 for a bool, "3" for a number and null are errors; 19.0 and 19 both
/// are integers, and an integer is accepted where a double is asked for.
class JsonReader {
 public:
  /// @throws Error when `value` is not an object. `value` must outlive the reader.
  JsonReader(const Json& value, std::string path);

  bool Has(const std::string& key);

  /// Reads `key` into `out`; false (and `out` untouched) when it is absent.
  template <typename T>
  bool Get(const std::string& key, T& out) {
    const Json* value = Find(key);
    if (value == nullptr) {
      // What is read as JSON is an object's or another reader's matter.
      if constexpr (!std::is_same_v<T, Json>) {
        if (JsonDefaults::Listens()) JsonDefaults::Note(path_, key, Json(out));
      }
      return false;
    }
    Convert(*value, Path(key), out);
    return true;
  }

  /// As above, and min <= out <= max must hold.
  template <typename T>
  bool Get(const std::string& key, T& out, std::type_identity_t<T> min,
           std::type_identity_t<T> max) {
    const Json* value = Find(key);
    if (value == nullptr) {  // a default out of range says that nothing was said
      const bool said = out >= min && out <= max;
      if (said && JsonDefaults::Listens()) JsonDefaults::Note(path_, key, Json(out));
      return false;
    }
    Convert(*value, Path(key), out);
    if (!(out >= min && out <= max)) OutOfRange(key, Json(out), Json(min), Json(max));
    return true;
  }

  /// Reads `key`, which must be one of `allowed`; the error suggests the nearest.
  bool GetChoice(const std::string& key, std::string& out, const std::vector<std::string>& allowed);

  template <typename T>
  T Require(const std::string& key) {
    T out{};
    const Json* value = Find(key);
    if (value == nullptr) Missing(key);
    Convert(*value, Path(key), out);
    return out;
  }

  /// The object under `key`; std::nullopt when absent.
  std::optional<JsonReader> Child(const std::string& key);

  /// "path.key"
  std::string Path(const std::string& key) const;
  const std::string& path() const { return path_; }

  /// @throws Error on the first key that was never asked for, with the nearest name that was.
  void Finish() const;

 private:
  const Json* Find(const std::string& key);
  [[noreturn]] void Missing(const std::string& key) const;
  [[noreturn]] void OutOfRange(const std::string& key, const Json& value, const Json& min,
                               const Json& max) const;
  static void Convert(const Json& value, const std::string& path, bool& out);
  static void Convert(const Json& value, const std::string& path, int& out);
  static void Convert(const Json& value, const std::string& path, int64_t& out);
  static void Convert(const Json& value, const std::string& path, uint64_t& out);
  static void Convert(const Json& value, const std::string& path, double& out);
  static void Convert(const Json& value, const std::string& path, std::string& out);
  static void Convert(const Json& value, const std::string& path, Json& out);
  template <typename T>
  static void Convert(const Json& value, const std::string& path, std::vector<T>& out) {
    CheckArray(value, path);
    out.clear();
    for (size_t i = 0; i < value.size(); ++i) {
      T element{};
      Convert(value[i], path + "[" + std::to_string(i) + "]", element);
      out.push_back(std::move(element));
    }
  }
  static void CheckArray(const Json& value, const std::string& path);

  const Json* value_;
  std::string path_;
  std::set<std::string> asked_;
};

}  // namespace seglab
