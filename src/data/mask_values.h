#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "data/labels.h"

namespace seglab {

/// What the raw values and colors of masks mean: a class, or kIgnoreLabel. At first each value
/// means itself, and colors nothing.
class MaskValues {
 public:
  // What Meaning and ColorMeaning say of what means nothing.
  static constexpr int kNothing = -1;    ///< nobody has said what it means
  static constexpr int kAmbiguous = -2;  ///< a value that was listed means the same class, this not
  static constexpr int kMaxRaw = 65535;

  MaskValues();
  /// Lists a value. @param raw  0 ... kMaxRaw
  void Set(int raw, uint8_t meaning);
  void SetColor(Color color, uint8_t meaning);
  /// Each class's color means it; one that two classes have means none.
  void SetPalette(const LabelSet& labels);
  /// Values that are not listed become kIgnoreLabel.
  void IgnoreOthers() { ignores_others_ = true; }
  /// Masks of two classes that are no clean ones: values from `threshold` on, 1 ... 255, are taken
  /// as 255, which means class 1 unless it is listed; those below as 0.
  void SetThreshold(int threshold) { threshold_ = threshold; }

  int Meaning(int raw) const;
  int ColorMeaning(Color color) const;
  /// False when each value of 8 bits means itself.
  bool changes() const { return changes_ || ignores_others_ || threshold_ > 0; }
  bool has_listed() const { return !listed_.empty() || ignores_others_; }
  bool has_colors() const { return !colors_.empty(); }
  int threshold() const { return threshold_; }  ///< 0 = none
  /// The lowest listed value that means `meaning`, or kNothing.
  int ListedFor(int meaning) const;

  /// For Dataset::Settings. @param with_colors  whether masks are of colors, which then matter
  Json ToJson(bool with_colors) const;

 private:
  static uint32_t Key(Color color) { return color[0] << 16 | color[1] << 8 | color[2]; }

  std::map<int, uint8_t> listed_;
  std::array<bool, 256> meant_ = {};  ///< classes that a listed value means
  std::unordered_map<uint32_t, int> colors_;
  bool changes_ = false, ignores_others_ = false;
  int threshold_ = 0;
};

}  // namespace seglab
