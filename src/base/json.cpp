#include "base/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"

namespace seglab {
namespace {

/// Deeper text is an attack or an accident, and would overflow the stack of recursive functions.
constexpr size_t kMaxDepth = 200;
constexpr size_t kMaxKeys = 10'000;       // of an object: they are looked up one after the other
constexpr size_t kMaxValues = 5'000'000;  // of a text, or of a row of one that is read by rows
constexpr size_t kMaxBases = 100;  // files that a file inherits from, each as often as it is read
constexpr size_t kMaxSteps = 100;  // of a path a.b.c

/// The parser takes a zero byte for the end of its input.
void RefuseZeros(std::string_view text, const std::string& where) {
  if (text.find('\0') != std::string_view::npos)
    throw Error(where, ": holds a zero byte, so it is no JSON text");
}

/// Reads a text and notes how far the parser has come, which nlohmann's handlers are not told.
class TrackedIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackedIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  TrackedIterator& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  TrackedIterator operator++(int) {
    TrackedIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const TrackedIterator& other) const { return at_ == other.at_; }
  bool operator!=(const TrackedIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

/// Builds the value from the parser's events; refuses what the parser itself lets pass.
class Builder : public Json::json_sax_t {
 public:
  /// @param take  gets the elements of the lists in the outermost object, which are then forgotten;
  ///              null: all is kept
  Builder(std::string_view text, const std::string& where, const TakeRow* take = nullptr)
      : text_(text), where_(where), take_(take) {}

  Json Build() {
    reached_ = text_.data();
    const TrackedIterator begin(text_.data(), &reached_);
    const TrackedIterator end(text_.data() + text_.size(), &reached_);
    Json::sax_parse(begin, end, this, Json::input_format_t::json, /*strict=*/true,
                    /*ignore_comments=*/true);
    return std::move(root_);
  }

  bool null() override { return Scalar(Json(nullptr)); }
  bool boolean(bool value) override { return Scalar(Json(value)); }
  bool number_integer(number_integer_t value) override { return Scalar(Json(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Scalar(Json(value)); }
  bool number_float(number_float_t value, const string_t&) override { return Scalar(Json(value)); }
  bool string(string_t& value) override { return Scalar(Json(std::move(value))); }
  bool binary(binary_t&) override { return false; }  // JSON text has none
  bool start_object(size_t) override { return Open(Json::object()); }
  bool start_array(size_t) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool key(string_t& name) override {
    if (open_.back()->size() >= kMaxKeys)
      Fail(Reached() - 1, StrCat("an object has more than ", kMaxKeys, " keys"));
    if (open_.back()->contains(name)) {
      // The parser stands just behind the key's closing quote.
      size_t at = Reached() - 2;
      while (text_[at] != '"' || IsEscaped(at)) --at;
      Fail(at, StrCat("the key \"", name, "\" is given twice in one object; remove one of them"));
    }
    slot_ = &(*open_.back())[name];
    if (open_.size() == 1) list_ = name;
    return true;
  }

  bool parse_error(size_t position, const std::string&, const Json::exception& error) override {
    // The text reads "[json...] parse error at line 1, column 2: what we want".
    std::string what = error.what();
    const size_t column = what.find("column ");
    const size_t end = column != std::string::npos ? what.find(": ", column) : what.find("] ");
    if (end != std::string::npos) what.erase(0, end + 2);
    Fail(std::min(position, text_.size() + 1) - (position > 0 ? 1 : 0), what);
  }

 private:
  size_t Reached() const { return static_cast<size_t>(reached_ - text_.data()); }

  bool IsEscaped(size_t at) const {
    size_t backslashes = 0;
    while (backslashes < at && text_[at - 1 - backslashes] == '\\') ++backslashes;
    return backslashes % 2 == 1;
  }

  [[noreturn]] void Fail(size_t offset, const std::string& what) const {
    const std::string_view before = text_.substr(0, std::min(offset, text_.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t newline = before.rfind('\n');
    const size_t column = before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
    throw Error(where_, ":", line, ":", column, ": ", what);
  }

  Json* Place(Json value) {
    if (++values_ > kMaxValues)
      Fail(Reached() - 1, StrCat("there are more than ", kMaxValues, " values"));
    Json* target = &root_;
    if (!open_.empty() && open_.back()->is_array()) {
      open_.back()->push_back(nullptr);
      target = &open_.back()->back();
    } else if (!open_.empty()) {
      target = slot_;
    }
    *target = std::move(value);
    return target;
  }
  bool Open(Json empty) {
    if (open_.size() >= kMaxDepth) {
      Fail(Reached() - 1,
           StrCat("lists and objects are nested too deep, more than ", kMaxDepth, " levels"));
    }
    open_.push_back(Place(std::move(empty)));
    return true;
  }
  bool Close() {
    open_.pop_back();
    return Finish();
  }
  bool Scalar(Json value) {
    Place(std::move(value));
    return Finish();
  }
  /// A value is complete.
  bool Finish() {
    if (take_ == nullptr || open_.size() != 2) return true;
    if (!open_[0]->is_object() || !open_[1]->is_array()) return true;
    auto& rows = open_[1]->get_ref<Json::array_t&>();
    (*take_)(list_, std::move(rows.back()));
    rows.pop_back();
    values_ = 0;
    return true;
  }

  std::string_view text_;
  const std::string& where_;
  const char* reached_ = nullptr;
  Json root_;
  std::vector<Json*> open_;  // the unfinished lists and objects, outermost first
  Json* slot_ = nullptr;     // where the value of the last key goes
  const TakeRow* take_;
  std::string list_;  // the last key of the outermost object
  size_t values_ = 0;
};

/// @param chain  canonical paths of the files that led here, outermost first
/// @param bases  counts the files that were read because others inherit from them
Json ReadWithBases(const std::string& path, std::vector<std::string>& chain, size_t& bases) {
  std::string text;
  try {
    text = ReadFile(path);
  } catch (const Error& error) {
    if (chain.empty()) throw;
    throw Error(error.what(), " (a \"base\" of ", chain.back(), ")");
  }
  Json own = ParseJson(text, path);

  const std::string canonical = std::filesystem::weakly_canonical(path).string();
  if (std::find(chain.begin(), chain.end(), canonical) != chain.end()) {
    chain.push_back(canonical);
    throw Error(path, ": inherits from itself, ", Join(chain, " -> "), "; remove one \"base\"");
  }
  if (!own.is_object()) {
    if (chain.empty()) return own;
    throw Error(path, ": must hold an object because it is a \"base\" of ", chain.back(),
                ", found ", own.type_name());
  }
  const auto found = own.find("base");
  if (found == own.end()) return own;

  // Either form becomes a list of names.
  std::vector<std::string> names;
  const Json list = found->is_array() ? *found : Json::array({*found});
  for (const Json& name : list) {
    if (!name.is_string()) {
      throw Error(path, ": \"base\" must be a path or a list of paths, found ", found->dump());
    }
    names.push_back(name.get<std::string>());
  }
  own.erase("base");

  Json result = Json::object();
  const std::string folder = std::filesystem::path(path).parent_path().string();
  chain.push_back(canonical);
  for (const std::string& name : names) {
    if (++bases > kMaxBases) {
      throw Error(chain.front(), ": inherits from more than ", kMaxBases,
                  " files by \"base\", counting each as often as it is named; leave some out");
    }
    MergeJson(result, ReadWithBases(JoinPath(folder, name), chain, bases));
  }
  chain.pop_back();
  MergeJson(result, own);
  return result;
}

/// The index that `step` names in a list of `size` elements.
size_t ListIndex(const std::string& step, size_t size, const std::string& where) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (error != std::errc() || end != step.data() + step.size() || index >= size) {
    throw Error(where, ": \"", step, "\" selects nothing in a list of ", size,
                size == 0 ? " elements" : StrCat(" elements; give 0 to ", size - 1));
  }
  return index;
}

/// Sorted keys, and 19.0 as 19.
nlohmann::json Canonical(const Json& value) {
  if (value.is_object()) {
    nlohmann::json result = nlohmann::json::object();
    for (const auto& [key, element] : value.items()) result[key] = Canonical(element);
    return result;
  }
  if (value.is_array()) {
    nlohmann::json result = nlohmann::json::array();
    for (const Json& element : value) result.push_back(Canonical(element));
    return result;
  }
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::abs(number) < 0x1p53 && number == std::floor(number)) {
      return static_cast<int64_t>(number);
    }
  }
  return nlohmann::json(value);
}

std::string Dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Indented, with lists of plain values on one line.
std::string Pretty(const Json& value, const std::string& indent) {
  if (!value.is_structured() || value.empty()) return Dumped(value);
  const auto is_plain = [](const Json& element) { return !element.is_structured(); };
  if (value.is_array() && std::all_of(value.begin(), value.end(), is_plain)) {
    std::string text;
    for (const Json& element : value) text += (text.empty() ? "" : ", ") + Dumped(element);
    return "[" + text + "]";
  }
  const std::string deeper = indent + "  ";
  std::string text;
  for (const auto& [key, element] : value.items()) {
    text += (text.empty() ? "\n" : ",\n") + deeper;
    if (value.is_object()) text += Dumped(Json(key)) + ": ";
    text += Pretty(element, deeper);
  }
  return (value.is_object() ? "{" : "[") + text + "\n" + indent + (value.is_object() ? "}" : "]");
}

}  // namespace

Json ParseJson(std::string_view text, const std::string& where) {
  RefuseZeros(text, where);
  return Builder(text, where).Build();
}

Json ParseJsonRows(std::string_view text, const std::string& where, const TakeRow& take) {
  RefuseZeros(text, where);
  return Builder(text, where, &take).Build();
}

Json ReadJsonFile(const std::string& path) {
  std::vector<std::string> chain;
  size_t bases = 0;
  return ReadWithBases(path, chain, bases);
}

void MergeJson(Json& base, const Json& over) {
  if (!over.is_object()) {
    base = over;
    return;
  }
  if (!base.is_object()) base = Json::object();
  for (const auto& [key, value] : over.items()) {
    if (value.is_null()) {
      base.erase(key);
    } else {
      MergeJson(base[key], value);
    }
  }
}

void ApplySetting(Json& root, const std::string& setting) {
  const SettingText parts = SplitSetting(setting);
  const std::string where = "--set " + parts.path;
  SetAt(root, parts.path, SettingValue(parts.value, where), where);
}

SettingText SplitSetting(const std::string& setting, size_t from) {
  const size_t equals = setting.find('=', from);
  if (equals == std::string::npos) {
    throw Error("--set ", setting, ": has no \"=\"; write key=value, e.g. train.lr=0.01");
  }
  return {setting.substr(0, equals), setting.substr(equals + 1)};
}

Json SettingValue(const std::string& text, const std::string& where) {
  try {
    return ParseJson(text, where);
  } catch (const Error&) {
    Json value(text);
    try {
      value.dump();
    } catch (const Json::exception&) {
      throw Error(where, ": the value is not UTF-8 text; give it in UTF-8");
    }
    return value;
  }
}

std::vector<std::string> PathSteps(const std::string& path, const std::string& where) {
  std::vector<std::string> steps;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    if (end == begin) {
      throw Error(where, ": has an empty step, found \"", path, "\"; write e.g. train.lr=0.01");
    }
    if (steps.size() == kMaxSteps) {
      throw Error(where.substr(0, kMaxSteps), "...: has more than ", kMaxSteps,
                  " steps; write e.g. train.lr=0.01");
    }
    steps.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return steps;
}

void SetAt(Json& root, const std::string& path, const Json& value, const std::string& where) {
  SetAtSteps(root, PathSteps(path, where), value, where);
}

void SetAtSteps(Json& root, const std::vector<std::string>& steps, const Json& value,
                const std::string& where) {
  Json* parent = nullptr;
  Json* target = &root;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (target->is_null()) *target = Json::object();
    parent = target;
    if (target->is_object()) {
      target = &(*target)[steps[i]];
    } else if (target->is_array()) {
      target = &(*target)[ListIndex(steps[i], target->size(), where)];
    } else {
      throw Error(where, ": \"", Join({steps.begin(), steps.begin() + i}, "."), "\" is ",
                  target->dump(), " and has no member \"", steps[i], "\"");
    }
  }
  if (value.is_null() && parent->is_object()) {
    parent->erase(steps.back());
  } else if (value.is_null() && parent->is_array()) {
    parent->erase(ListIndex(steps.back(), parent->size(), where));
  } else {
    *target = value;
  }
}

std::string JsonText(const Json& value) { return Pretty(value, "") + "\n"; }

std::string CanonicalJson(const Json& value) {
  return Canonical(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace seglab
