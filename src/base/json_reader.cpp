#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/names.h"

namespace seglab {
namespace {

/// The value as an error shows it: at most 60 bytes.
std::string Found(const Json& value) {
  constexpr size_t kLongest = 60;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kLongest) {
    size_t end = kLongest;
    while (end > 0 && (text[end] & 0xC0) == 0x80) --end;  // not within a UTF-8 character
    text = text.substr(0, end) + "...";
  }
  if (value.is_null() || value.is_boolean() || value.is_number()) return text;
  return StrCat("the ", value.is_array() ? "list" : value.type_name(), " ", text);
}

[[noreturn]] void WrongType(const Json& value, const std::string& path, std::string_view wanted) {
  throw Error(path, ": must be ", wanted, ", found ", Found(value));
}

template <typename Integer>
void ConvertInteger(const Json& value, const std::string& path, Integer& out) {
  using Limits = std::numeric_limits<Integer>;
  bool fits = false;
  if (value.is_number_unsigned()) {
    const uint64_t number = value.get<uint64_t>();
    fits = number <= static_cast<uint64_t>(Limits::max());
    if (fits) out = static_cast<Integer>(number);
  } else if (value.is_number_integer()) {
    const int64_t number = value.get<int64_t>();
    if constexpr (std::is_signed_v<Integer>) {
      fits = number >= Limits::min() && number <= Limits::max();
    } else {
      fits = number >= 0;
    }
    if (fits) out = static_cast<Integer>(number);
  } else if (value.is_number_float()) {
    const double number = value.get<double>();
    if (number != std::floor(number)) WrongType(value, path, "an integer");
    // max() + 1 is a power of two and therefore exact in double, max() itself need not be.
    const double end = std::ldexp(1.0, Limits::digits);
    fits = number >= static_cast<double>(Limits::min()) && number < end;
    if (fits) out = static_cast<Integer>(number);
  } else {
    WrongType(value, path, "an integer");
  }
  if (!fits) {
    throw Error(path, ": must lie between ", Limits::min(), " and ", Limits::max(), ", found ",
                Found(value));
  }
}

bool IsUnbounded(const Json& bound) {
  if (bound.is_number_float()) return std::abs(bound.get<double>()) >= DBL_MAX;
  if (bound.is_number_unsigned()) {
    const uint64_t number = bound.get<uint64_t>();
    return number == std::numeric_limits<uint64_t>::max() ||
           number == static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  }
  if (!bound.is_number_integer()) return false;
  const int64_t number = bound.get<int64_t>();
  return number == std::numeric_limits<int>::max() || number == std::numeric_limits<int>::min() ||
         number == std::numeric_limits<int64_t>::max() ||
         number == std::numeric_limits<int64_t>::min();
}

}  // namespace

JsonReader::JsonReader(const Json& value, std::string path)
    : value_(&value), path_(std::move(path)) {
  if (!value.is_object()) {
    WrongType(value, path_.empty() ? "the top level" : path_, "an object {...}");
  }
}

bool JsonReader::Has(const std::string& key) { return Find(key) != nullptr; }

bool JsonReader::GetChoice(const std::string& key, std::string& out,
                           const std::vector<std::string>& allowed) {
  std::string choice = out;
  if (!Get(key, choice)) return false;
  if (std::find(allowed.begin(), allowed.end(), choice) == allowed.end()) {
    throw Error(Path(key), ": ", UnknownName("value", choice, allowed));
  }
  out = choice;
  return true;
}

std::optional<JsonReader> JsonReader::Child(const std::string& key) {
  const Json* value = Find(key);
  if (value == nullptr) return std::nullopt;
  return JsonReader(*value, Path(key));
}

std::string JsonReader::Path(const std::string& key) const {
  return path_.empty() ? key : path_ + "." + key;
}

void JsonReader::Finish() const {
  for (const auto& item : value_->items()) {
    if (asked_.count(item.key()) != 0) continue;
    const std::vector<std::string> known(asked_.begin(), asked_.end());
    throw Error(Path(item.key()), ": ", UnknownName("key", item.key(), known));
  }
}

const Json* JsonReader::Find(const std::string& key) {
  asked_.insert(key);
  const auto found = value_->find(key);
  return found == value_->end() ? nullptr : &*found;
}

void JsonReader::Missing(const std::string& key) const {
  // A key that nobody asked for and that is written nearly like this one is what was meant.
  for (const auto& item : value_->items()) {
    if (asked_.count(item.key()) == 0 && NearestName(item.key(), {key}) == key)
      throw Error(Path(item.key()), ": unknown key \"", item.key(), "\"; did you mean \"", key,
                  "\"?");
  }
  throw Error(Path(key), ": is missing; give it a value");
}

void JsonReader::OutOfRange(const std::string& key, const Json& value, const Json& min,
                            const Json& max) const {
  std::string wanted;
  if (IsUnbounded(max)) {
    wanted = StrCat("at least ", min);
  } else if (IsUnbounded(min)) {
    wanted = StrCat("at most ", max);
  } else {
    wanted = StrCat("between ", min, " and ", max);
  }
  throw Error(Path(key), ": must be ", wanted, ", found ", Found(value));
}

void JsonReader::Convert(const Json& value, const std::string& path, bool& out) {
  if (!value.is_boolean()) WrongType(value, path, "true or false");
  out = value.get<bool>();
}

void JsonReader::Convert(const Json& value, const std::string& path, int& out) {
  ConvertInteger(value, path, out);
}

void JsonReader::Convert(const Json& value, const std::string& path, int64_t& out) {
  ConvertInteger(value, path, out);
}

void JsonReader::Convert(const Json& value, const std::string& path, uint64_t& out) {
  ConvertInteger(value, path, out);
}

void JsonReader::Convert(const Json& value, const std::string& path, double& out) {
  if (!value.is_number()) WrongType(value, path, "a number");
  out = value.get<double>();
}

void JsonReader::Convert(const Json& value, const std::string& path, std::string& out) {
  if (!value.is_string()) WrongType(value, path, "a string");
  out = value.get<std::string>();
}

void JsonReader::Convert(const Json& value, const std::string&, Json& out) { out = value; }

void JsonReader::CheckArray(const Json& value, const std::string& path) {
  if (!value.is_array()) WrongType(value, path, "a list [...]");
}

}  // namespace seglab
