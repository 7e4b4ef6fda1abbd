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
Json* At(Json& from, std::string rest, const std::vector<std::string>& named) {
  Json* at = &from;
  std::string key;
  while (true) {
    const bool stands_for_more = std::find(named.begin(), named.end(), key) != named.end();
    if (at->is_string() && stands_for_more) *at = Json{{"name", *at}};
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
    key = name;
    Json& next = (*at)[name];
    if (next.is_null()) next = Json::object();
    at = &next;
  }
  return at->is_object() ? at : nullptr;
}

}  // namespace

JsonDefaults::JsonDefaults(std::string path)
    : path_(std::move(path)), outer_(std::exchange(listener, this)) {}

JsonDefaults::~JsonDefaults() { listener = outer_; }

bool JsonDefaults::Listens() { return listener != nullptr; }

void JsonDefaults::Note(const std::string& path, const std::string& key, Json value) {
  // An option that is not there at all.
  if ((value.is_string() && value.get_ref<const std::string&>().empty()) ||
      (value.is_structured() && value.empty()))
    return;
  const std::string& of = listener->path_;
  if (!path.starts_with(of) || (path.size() > of.size() && path[of.size()] != '.')) return;
  listener->noted_.push_back({path.substr(of.size()), key, std::move(value)});
}

void JsonDefaults::Complete(Json& object, const std::vector<std::string>& named,
                            const std::vector<std::string>& left_out) const {
  for (const Noted& noted : noted_) {
    const std::string member = noted.path.substr(0, noted.path.find_first_of(".[", 1));
    const bool left = std::any_of(left_out.begin(), left_out.end(), [&](const std::string& name) {
      return member == "." + name || (member.empty() && noted.key == name);
    });
    if (left) continue;
    Json* at = At(object, noted.path, named);
    if (at != nullptr && !at->contains(noted.key)) (*at)[noted.key] = noted.value;
  }
}

}  // namespace seglab
