#include "data/mask_values.h"

#include <algorithm>

namespace seglab {

MaskValues::MaskValues() = default;

void MaskValues::Set(int raw, uint8_t meaning) {
  listed_[raw] = meaning;
  meant_[meaning] = true;
  if (meaning != raw) changes_ = true;
}

void MaskValues::SetColor(Color color, uint8_t meaning) { colors_[Key(color)] = meaning; }

void MaskValues::SetPalette(const LabelSet& labels) {
  for (int i = 0; i < labels.size(); ++i) {
    const auto [found, is_new] = colors_.emplace(Key(labels.palette.at(i)), i);
    if (!is_new && found->second != i) found->second = kAmbiguous;
  }
}

int MaskValues::Meaning(int raw) const {
  if (threshold_ > 0) {
    raw = raw >= threshold_ ? 255 : 0;
    if (raw == 255 && listed_.count(255) == 0) return 1;
  }
  const auto found = listed_.find(raw);
  if (found != listed_.end()) return found->second;
  if (ignores_others_ || raw == kIgnoreLabel) return kIgnoreLabel;
  if (raw > kIgnoreLabel) return kNothing;
  return meant_[raw] ? kAmbiguous : raw;
}

int MaskValues::ColorMeaning(Color color) const {
  const auto found = colors_.find(Key(color));
  if (found != colors_.end()) return found->second;
  return ignores_others_ ? kIgnoreLabel : kNothing;
}

int MaskValues::ListedFor(int meaning) const {
  const auto found = std::find_if(listed_.begin(), listed_.end(),
                                  [meaning](const auto& row) { return row.second == meaning; });
  return found == listed_.end() ? kNothing : found->first;
}

Json MaskValues::ToJson(bool with_colors) const {
  if (!changes() && !with_colors) return nullptr;
  Json meanings = Json::array();  // as ever: meanings of 8-bit values alone
  for (int raw = 0; raw < 256; ++raw) {
    const auto found = listed_.find(raw);
    meanings.push_back(found == listed_.end() ? raw : found->second);
  }
  const bool wide = !listed_.empty() && listed_.rbegin()->first > 255;
  if (!wide && !with_colors && !ignores_others_ && threshold_ == 0) return meanings;
  Json json = {{"meanings", meanings}};
  for (const auto& [raw, meaning] : listed_) {
    if (raw > 255) json["wide"].push_back({raw, meaning});
  }
  if (ignores_others_) json["others"] = kIgnoreLabel;
  if (threshold_ > 0) json["threshold"] = threshold_;
  if (with_colors) {
    const std::map<uint32_t, int> sorted(colors_.begin(), colors_.end());
    for (const auto& [color, meaning] : sorted) json["colors"].push_back({color, meaning});
  }
  return json;
}

}  // namespace seglab
