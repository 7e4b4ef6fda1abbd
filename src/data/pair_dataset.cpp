#include "data/pair_dataset.h"

#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "data/label_map.h"
#include "data/masks.h"
#include "data/pairs.h"

namespace seglab {
namespace {

class PairDataset : public Dataset {
 public:
  explicit PairDataset(PairSource source) : source_(std::move(source)) {}

  int64_t Size() const override { return static_cast<int64_t>(source_.pairs.size()); }
  std::string Name(int64_t index) const override { return source_.pairs.at(index).name; }
  const LabelSet& Labels() const override { return source_.labels; }
  Json Settings() const override {
    Json settings = {{"values", source_.values.ToJson(OfColors())}};
    if (!source_.tells_values && settings["values"].is_null()) settings.erase("values");
    if (source_.view == ImageView::kAsStored) settings["orientation"] = "stored";
    return settings;
  }

  std::vector<std::string> Files(int64_t index) const override {
    const PairFiles& pair = source_.pairs.at(index);
    std::vector<std::string> files = {pair.image.empty() ? MissingImage(pair) : pair.image,
                                      pair.mask.empty() ? MissingMask(pair) : pair.mask};
    if (const std::string objects = ObjectsFile(pair); !objects.empty()) files.push_back(objects);
    return files;
  }

  cv::Mat Objects(int64_t index) const override {
    const std::string file = ObjectsFile(source_.pairs.at(index));
    return file.empty() ? cv::Mat() : ReadMask(file);
  }

  Sample Get(int64_t index) const override {
    const PairFiles& pair = source_.pairs.at(index);
    if (pair.image.empty()) RefuseMissingImage(pair);
    if (pair.mask.empty()) RefuseMissingMask(pair);
    if (!FileExists(pair.mask)) {
      throw Error(pair.mask, ": no such mask, but ", source_.list.empty() ? "it was there" : "",
                  source_.list, source_.list.empty() ? " before" : " names it",
                  NearestPathHint(pair.mask));
    }
    return ReadPair(pair.name, pair.image, pair.mask, source_.labels, source_.values, source_.view);
  }

 private:
  /// Whether the masks are of colors, as the first one is: then the palette is part of the data.
  bool OfColors() const {
    if (!source_.values.has_colors() || source_.pairs.empty()) return false;
    try {
      return HoldsColors(ReadRawMask(source_.pairs.front().mask));
    } catch (const Error&) {  // said when it is read
      return false;
    }
  }

  std::string MissingImage(const PairFiles& pair) const {
    return source_.images->Expected(pair.name, source_.image_ending);
  }
  std::string MissingMask(const PairFiles& pair) const {
    return source_.masks.back()->Expected(pair.name);
  }

  [[noreturn]] void RefuseMissingImage(const PairFiles& pair) const {
    throw Error(MissingImage(pair), ": no such image, but ", source_.list, " names it",
                source_.images->Hint(pair.name), "; wrong root, or wrong list?");
  }

  [[noreturn]] void RefuseMissingMask(const PairFiles& pair) const {
    const std::string hint =
        source_.masks.back()->Hint(pair.name, source_.has_mask_pattern ? "mask_pattern" : "");
    if (source_.masks.size() == 1) {
      throw Error(MissingMask(pair), ": no such mask, but there is the image ", pair.image, hint);
    }
    std::vector<std::string> places;
    for (const auto& table : source_.masks) places.push_back(table->Expected(pair.name, ".*"));
    throw Error(source_.title, ": no mask for \"", pair.name, "\" of ", pair.image, "; looked for ",
                Join(places), hint);
  }

  /// "" where there is none.
  std::string ObjectsFile(const PairFiles& pair) const {
    if (source_.objects == nullptr) return "";
    const auto* entry = source_.objects->Find(pair.name);
    return entry == nullptr ? "" : source_.objects->Path(*entry);
  }

  const PairSource source_;
};

}  // namespace

std::shared_ptr<const Dataset> MakePairDataset(PairSource source) {
  return std::make_shared<PairDataset>(std::move(source));
}

}  // namespace seglab
