#include "report/short_names.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"

namespace seglab {
namespace {

/// "FCN-8s [vgg16, lr=0.1], crf": "FCN-8s", "vgg16", "lr=0.1", "crf".
std::vector<std::string> Parts(const std::string& name) {
  std::vector<std::string> parts = {""};
  for (size_t i = 0; i < name.size(); ++i) {
    const bool comma = name.compare(i, 2, ", ") == 0, bracket = name.compare(i, 2, " [") == 0;
    if (comma || bracket) {
      parts.emplace_back();
      ++i;
    } else if (name[i] != ']') {
      parts.back() += name[i];
    }
  }
  return parts;
}

std::vector<std::string> Characters(const std::string& text) {
  std::vector<std::string> characters;
  for (char byte : text) {
    const bool goes_on = (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
    if (!goes_on || characters.empty()) characters.emplace_back();
    characters.back() += byte;
  }
  return characters;
}

std::string Text(const std::vector<std::string>& characters, size_t begin, size_t end) {
  std::string text;
  for (size_t i = begin; i < end; ++i) text += characters[i];
  return text;
}

/// The text with its middle left out where it is too long.
std::string Cut(const std::string& text, size_t longest) {
  const std::vector<std::string> all = Characters(text);
  if (all.size() <= longest) return text;
  const size_t back = (longest - 1) / 2, front = longest - 1 - back;
  return Text(all, 0, front) + "…" + Text(all, all.size() - back, all.size());
}

std::vector<std::string> Distinct(const std::vector<std::string>& names) {
  std::vector<std::string> distinct;
  for (const std::string& name : names) {
    if (std::find(distinct.begin(), distinct.end(), name) == distinct.end())
      distinct.push_back(name);
  }
  return distinct;
}

/// Without the parts that all of them share; a name that is nothing else stays as it is.
std::vector<std::string> WhatDiffers(const std::vector<std::string>& names) {
  std::map<std::string, size_t> counts;
  for (const std::string& name : names) {
    const std::vector<std::string> parts = Parts(name);
    for (const std::string& part : std::set<std::string>(parts.begin(), parts.end()))
      ++counts[part];
  }
  std::vector<std::string> texts;
  for (const std::string& name : names) {
    std::vector<std::string> kept;
    for (const std::string& part : Parts(name)) {
      if (counts[part] < names.size()) kept.push_back(part);
    }
    texts.push_back(kept.empty() ? name : Join(kept));
  }
  return texts;
}

}  // namespace

std::vector<std::string> CutNames(const std::vector<std::string>& names, size_t longest) {
  const std::vector<std::string> distinct = Distinct(names);
  std::map<std::string, int> times, number;
  for (const std::string& name : distinct) ++times[Cut(name, longest)];
  std::map<std::string, std::string> found;
  for (const std::string& name : distinct) {
    std::string cut = Cut(name, longest);
    if (times[cut] > 1) {  // they differ in the middle alone
      const std::string suffix = StrCat(" #", ++number[cut]);
      cut = Cut(name, longest - std::min(longest - 4, suffix.size())) + suffix;
    }
    found[name] = cut;
  }
  std::vector<std::string> cuts;
  for (const std::string& name : names) cuts.push_back(found[name]);
  return cuts;
}

std::vector<std::string> ShortNames(const std::vector<std::string>& names, size_t longest) {
  const std::vector<std::string> distinct = Distinct(names);
  const std::vector<std::string> differing = distinct.size() > 1 ? WhatDiffers(names) : names;
  const bool differ = Distinct(differing).size() == distinct.size();
  return CutNames(differ ? differing : names, longest);
}

}  // namespace seglab
