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

/// "lr=0.1, weight_decay=0" as "0.1 0" where all names have the same keys in the same places.
std::vector<std::string> WithoutKeys(const std::vector<std::string>& names) {
  std::vector<std::vector<std::string>> parts;
  for (const std::string& name : names) parts.push_back(Parts(name));
  const auto key = [](const std::string& part) { return part.substr(0, part.find('=') + 1); };
  for (const std::vector<std::string>& of_name : parts) {
    if (of_name.size() != parts.front().size()) return names;
    for (size_t i = 0; i < of_name.size(); ++i) {
      if (key(of_name[i]) != key(parts.front()[i])) return names;
    }
  }
  std::vector<std::string> texts;
  for (const std::vector<std::string>& of_name : parts) {
    std::vector<std::string> values;
    for (const std::string& part : of_name) values.push_back(part.substr(key(part).size()));
    texts.push_back(Join(values, " "));
  }
  return texts;
}

size_t Longest(const std::vector<std::string>& names) {
  size_t longest = 0;
  for (const std::string& name : names) longest = std::max(longest, TextWidth(name));
  return longest;
}

}  // namespace

std::vector<std::string> CutNames(const std::vector<std::string>& names, size_t longest) {
  const std::vector<std::string> distinct = Distinct(names);
  std::map<std::string, int> times;
  for (const std::string& name : distinct) ++times[CutMiddle(name, longest)];
  std::map<std::string, std::string> found;
  std::set<std::string> taken;
  for (const std::string& name : distinct) {
    std::string cut = CutMiddle(name, longest);
    // Those that differ in the middle alone are numbered.
    for (int number = 1; times[CutMiddle(name, longest)] > 1 || taken.count(cut) != 0; ++number) {
      const std::string suffix = StrCat(" #", number);
      cut = CutMiddle(name, longest - std::min(longest - 4, suffix.size())) + suffix;
      if (taken.count(cut) == 0) break;
    }
    taken.insert(cut);
    found[name] = cut;
  }
  std::vector<std::string> cuts;
  for (const std::string& name : names) cuts.push_back(found[name]);
  return cuts;
}

std::vector<std::string> ShortNames(const std::vector<std::string>& names, size_t longest) {
  const std::vector<std::string> distinct = Distinct(names);
  if (distinct.size() < 2) return CutNames(names, longest);
  std::vector<std::string> shortened = names;
  for (const auto& step : {WhatDiffers, WithoutKeys}) {
    const std::vector<std::string> next = step(shortened);
    if (Distinct(next).size() == distinct.size()) shortened = next;
    if (step == WhatDiffers && Longest(shortened) <= longest) break;
  }
  return CutNames(shortened, longest);
}

}  // namespace seglab
