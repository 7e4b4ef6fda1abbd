#include "base/json_defaults.h"

#include <algorithm>
#include <utility>

namespace seglab {
namespace {

thread_local JsonDefaults* listener = nullptr;

/// The member of an object that `rest` begins with, "" for none: names may hold points.
std::string FirstName(const Json& object, const std::string& rest) {
  std::string longest;
  for (const auto& item : object.items()) {
    const std::string& name = item.key();
    const bool whole =
        rest.size() == name.size() ||
        (rest.size() > name.size() && (rest[name.size()] == '.' || rest[name.size()] == '['));
    if (rest.starts_with(name) && whole && name.size() > longest.size()) longest = name;
  }
  if (!longest.empty()) return longest;
  return rest.substr(0, rest.find_first_of(".["));
}

/// The object at "backbone.width" or "groups[0]" below another; nullptr where none can be.
Json* At(Json& from, std::string rest) {
  Json* at = &from;
  while (true) {
    if (at->is_string()) *at = Json{{"name", *at}};
    if (rest.empty()) break;
    if (rest[0] == '.') rest.erase(0, 1);
    if (rest[0] == '[') {
      const size_t end = rest.find(']');
      if (!at->is_array() || end == std::string::npos || end < 2 ||
          !std::all_of(rest.begin() + 1, rest.begin() + static_cast<int64_t>(end),
                       [](char c) { return c >= '0' && c <= '9'; }))
        return nullptr;
      const size_t index = std::stoul(rest.substr(1, end - 1));
      if (index >= at->size()) return nullptr;
      at = &(*at)[index];
      rest.erase(0, end + 1);
      continue;
    }
    if (!at->is_object()) return nullptr;
    const std::string name = FirstName(*at, rest);
    if (name.empty()) return nullptr;
    rest.erase(0, name.size());
    Json& next = (*at)[name];
    if (next.is_null()) next = Json::object();
    at = &next;
  }
  return at->is_object() ? at : nullptr;
}

}  // namespace

JsonDefaults::JsonDefaults() : outer_(std::exchange(listener, this)) {}

JsonDefaults::~JsonDefaults() { listener = outer_; }

bool JsonDefaults::Listens() { return listener != nullptr; }

void JsonDefaults::Note(const std::string& path, const std::string& key, Json value) {
  // An option that is not there at all.
  if (value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty()) ||
      (value.is_structured() && value.empty()))
    return;
  listener->noted_.push_back({path, key, std::move(value)});
}

void JsonDefaults::Complete(Json& object, const std::string& path) const {
  for (const Noted& noted : noted_) {
    if (!noted.path.starts_with(path)) continue;
    std::string rest = noted.path.substr(path.size());
    if (!rest.empty() && rest[0] != '.' && rest[0] != '[') continue;
    Json* at = At(object, rest);
    if (at != nullptr && !at->contains(noted.key)) (*at)[noted.key] = noted.value;
  }
}

}  // namespace seglab
