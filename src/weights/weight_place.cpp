#include "weights/weight_place.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

constexpr size_t kMostPlaces = 64;
constexpr size_t kDeepestPlace = 8;  // dots in a prefix

/// What wrappers of modules put into the names: DataParallel, torch.compile, FSDP, checkpointing.
constexpr std::string_view kWrapperSteps[] = {"module", "_orig_mod", "_fsdp_wrapped_module",
                                              "_checkpoint_wrapped_module"};

/// Keys of weights in others' trainings, the most usual first.
constexpr std::string_view kUsualKeys[] = {
    "state_dict", "model_state_dict", "model_state", "model", "net",
    "network",    "weights",          "params",      "module"};

bool IsWrapperStep(std::string_view step) {
  return std::find(std::begin(kWrapperSteps), std::end(kWrapperSteps), step) !=
         std::end(kWrapperSteps);
}

/// The name without the steps that wrappers put in.
std::string Unwrapped(std::string_view name) {
  std::string kept;
  while (true) {
    const size_t dot = name.find('.');
    const std::string_view step = name.substr(0, dot);
    // The last step is the tensor's own name.
    if (dot == std::string_view::npos || !IsWrapperStep(step))
      kept.append(kept.empty() ? "" : ".").append(step);
    if (dot == std::string_view::npos) return kept;
    name.remove_prefix(dot + 1);
  }
}

bool HasWrapperStep(std::string_view name) {
  return std::any_of(std::begin(kWrapperSteps), std::end(kWrapperSteps),
                     [&](std::string_view step) { return name.find(step) != name.npos; });
}

/// Whether a key says that its weights are a moving average.
bool IsAverage(std::string_view key) {
  if (key.find("EMA") != key.npos || key.find("Ema") != key.npos) return true;
  std::string word;
  for (size_t i = 0; i <= key.size(); ++i) {
    const auto letter = static_cast<unsigned char>(i < key.size() ? key[i] : '.');
    if (std::isalnum(letter) != 0) {
      word += static_cast<char>(std::tolower(letter));
      continue;
    }
    for (const char* average : {"ema", "swa", "average", "averaged", "avg", "shadow"}) {
      if (word == average) return true;
    }
    word.clear();
  }
  return false;
}

size_t Usualness(std::string_view prefix) {
  const std::string_view first = prefix.substr(0, prefix.find('.'));
  return static_cast<size_t>(std::find(std::begin(kUsualKeys), std::end(kUsualKeys), first) -
                             std::begin(kUsualKeys));
}

/// The prefix without its dot, as users name it.
std::string KeyOf(const WeightPlace& place) {
  return place.prefix.empty() ? "" : place.prefix.substr(0, place.prefix.size() - 1);
}

/// Prefixes of names up to a dot, with the number of tensors behind each.
std::map<std::string_view, size_t> Prefixes(const TensorFile& file) {
  std::map<std::string_view, size_t> counts;
  const auto add = [&](std::string_view name) {
    size_t dot = name.find('.');
    for (size_t depth = 0; dot != name.npos && depth < kDeepestPlace; ++depth) {
      ++counts[name.substr(0, dot + 1)];
      dot = name.find('.', dot + 1);
    }
  };
  for (const auto& [name, tensor] : file.tensors) add(name);
  for (const auto& [name, why] : file.unread) add(name);
  return counts;
}

[[noreturn]] void NoSuchKey(const std::map<std::string_view, size_t>& prefixes,
                            const std::string& key, const std::string& path) {
  std::vector<std::string> keys;
  for (const auto& [prefix, count] : prefixes) {
    if (prefix.find('.') + 1 == prefix.size())
      keys.emplace_back(prefix.substr(0, prefix.size() - 1));
  }
  throw Error(path, ": ", UnknownName("key", key, keys));
}

WeightPlace PlaceAt(const TensorFile& file, std::string prefix, size_t count) {
  WeightPlace place;
  place.prefix = std::move(prefix);
  place.beside = file.tensors.size() + file.unread.size() - count;
  return place;
}

/// The names at a place, each once.
bool AreNamesUnique(const NamedTensors& tensors) {
  std::set<std::string_view> names;
  return std::all_of(tensors.begin(), tensors.end(), [&](const auto& item) {
    return !item.first.empty() && names.insert(item.first).second;
  });
}

/// @throws Error where the file holds what may be weights and cannot be read
void CheckAllRead(const TensorFile& file, const std::string& path) {
  if (file.unread.empty()) return;
  const auto& [name, why] = *file.unread.begin();
  const size_t more = file.unread.size() - 1;
  throw Error(path, ": ", Quoted(name), more > 0 ? StrCat(" (and ", more, " more)") : "", " ", why,
              "; make it an ordinary tensor in Python (.dequantize(), .to_dense(), .float()), or "
              "leave it out");
}

bool Fits(const TensorFile& file, const WeightPlace& place, const NamesFit& fits) {
  const NamedTensors tensors = TensorsAt(file, place);
  if (!place.unwrapped) return fits(tensors);
  const bool wrapped = std::any_of(file.tensors.begin(), file.tensors.end(), [&](const auto& item) {
    return item.first.starts_with(place.prefix) &&
           HasWrapperStep(std::string_view(item.first).substr(place.prefix.size()));
  });
  return wrapped && AreNamesUnique(tensors) && fits(tensors);
}

}  // namespace

NamedTensors TensorsAt(const TensorFile& file, const WeightPlace& place) {
  NamedTensors tensors;
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    if (!name.starts_with(place.prefix)) return;
    const std::string rest = name.substr(place.prefix.size());
    tensors.emplace_back(place.unwrapped ? Unwrapped(rest) : rest, tensor);
  };
  for (const auto& [name, tensor] : file.tensors) add(name, tensor);
  for (const auto& [name, why] : file.unread) add(name, at::Tensor());
  return tensors;
}

std::vector<WeightPlace> PossiblePlaces(const TensorFile& file, const std::string& key,
                                        const std::string& path) {
  const std::map<std::string_view, size_t> prefixes = Prefixes(file);
  const std::string below = key.empty() ? "" : key + ".";
  if (!key.empty() && prefixes.count(below) == 0) NoSuchKey(prefixes, key, path);
  const std::string own = file.key.empty() ? "" : file.key + ".";
  // Small ones last; of those that hold the same, the outer one first.
  std::vector<std::pair<std::string_view, size_t>> sorted;
  for (const auto& [prefix, count] : prefixes) {
    if (count > 1 && prefix.starts_with(below)) sorted.emplace_back(prefix, count);
  }
  const auto rank = [&](const auto& item) {
    return std::tuple(item.first != own, -static_cast<int64_t>(item.second), item.first.size());
  };
  std::sort(sorted.begin(), sorted.end(),
            [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  if (sorted.size() > kMostPlaces) sorted.resize(kMostPlaces);
  std::vector<WeightPlace> places;
  if (key.empty()) places.push_back(PlaceAt(file, "", file.tensors.size() + file.unread.size()));
  for (const auto& [prefix, count] : sorted)
    places.push_back(PlaceAt(file, std::string(prefix), count));
  return places;
}

std::optional<WeightPlace> FittingPlace(const TensorFile& file, const std::string& key,
                                        const NamesFit& fits, const std::string& path) {
  std::vector<WeightPlace> found;
  // What fits as it is goes first; then, elsewhere, what fits without the wrappers in its names.
  for (bool unwrapped : {false, true}) {
    for (WeightPlace& place : PossiblePlaces(file, key, path)) {
      const bool known = std::any_of(found.begin(), found.end(), [&](const WeightPlace& other) {
        return place.prefix.starts_with(other.prefix) || other.prefix.starts_with(place.prefix);
      });
      place.unwrapped = unwrapped;
      if (known || !Fits(file, place, fits)) continue;
      if (place.prefix.empty()) return place;
      found.push_back(place);
    }
  }
  if (found.empty()) return std::nullopt;
  const auto rank = [&](const WeightPlace& place) {
    const bool own = !file.key.empty() && place.prefix.starts_with(file.key + ".");
    return std::tuple(IsAverage(place.prefix), !own, Usualness(place.prefix));
  };
  std::stable_sort(found.begin(), found.end(),
                   [&](const WeightPlace& a, const WeightPlace& b) { return rank(a) < rank(b); });
  WeightPlace chosen = found.front();
  for (size_t i = 1; i < found.size(); ++i) chosen.others.push_back(KeyOf(found[i]));
  chosen.tie = found.size() > 1 && rank(found[0]) == rank(found[1]);
  return chosen;
}

WeightPlace UsualPlace(const TensorFile& file, const std::string& key, const std::string& path) {
  const std::map<std::string_view, size_t> prefixes = Prefixes(file);
  if (!key.empty() && prefixes.count(key + ".") == 0) NoSuchKey(prefixes, key, path);
  const std::string top = key.empty() ? file.key : key;
  std::string prefix = top.empty() ? "" : top + ".";
  size_t count = file.tensors.size() + file.unread.size();
  if (!prefix.empty()) count = prefixes.count(prefix) != 0 ? prefixes.at(prefix) : 0;
  for (size_t i = 0; i < std::size(kWrapperSteps);) {
    const std::string longer = StrCat(prefix, kWrapperSteps[i], ".");
    const auto there = prefixes.find(longer);
    const bool all = there != prefixes.end() && there->second == count;
    if (all) prefix = longer;
    i = all ? 0 : i + 1;
  }
  return PlaceAt(file, prefix, count);
}

void TakePlace(TensorFile& file, const WeightPlace& place, const std::string& path) {
  if (place.tie) {
    throw Error(path, ": holds weights that fit below ", Quoted(KeyOf(place)), " and below ",
                Quoted(place.others.front()), "; choose with --key ", KeyOf(place),
                ", or \"init\": {\"from\": ..., \"key\": ", Quoted(KeyOf(place)), "}");
  }
  if (!place.IsPlain()) {
    NamedTensors taken;
    for (auto& item : TensorsAt(file, place)) {
      if (item.second.defined()) taken.push_back(std::move(item));
    }
    std::map<std::string, std::string> unread;
    for (const auto& [name, why] : file.unread) {
      if (name.starts_with(place.prefix)) unread.emplace(name.substr(place.prefix.size()), why);
    }
    file.tensors = std::move(taken);
    file.unread = std::move(unread);
    file.key.clear();
  }
  CheckAllRead(file, path);
}

void TakeFitting(TensorFile& file, const std::string& key, const NamesFit& fits,
                 const std::string& path) {
  const std::optional<WeightPlace> fitting = FittingPlace(file, key, fits, path);
  TakePlace(file, fitting ? *fitting : UsualPlace(file, key, path), path);
  if (fitting && !fitting->IsPlain()) Log::Info(path, ": ", PlaceText(*fitting));
}

std::string PlaceText(const WeightPlace& place) {
  if (place.IsPlain()) return "";
  std::string text;
  if (!place.prefix.empty())
    text = StrCat(Quoted(place.prefix), " is taken off the names of its weights");
  if (place.unwrapped)
    text += StrCat(text.empty() ? "" : ", ", "\"module.\" and the like are taken out of them");
  if (place.beside > 0) {
    text += StrCat("; ", place.beside, place.beside == 1 ? " tensor" : " tensors",
                   " elsewhere in the file ", place.beside == 1 ? "is" : "are", " left out");
  }
  if (!place.others.empty()) {
    std::vector<std::string> keys;
    for (const std::string& key : place.others) keys.push_back(Quoted(key));
    text += StrCat("; weights below ", Join(keys), " fit as well: --key, or \"key\" in \"init\", ",
                   "chooses them");
  }
  return text;
}

}  // namespace seglab
