#include "data/shapes/shapes.h"

#include <algorithm>
#include <iomanip>
#include <stdexcept>

#include "base/error.h"
#include "base/random.h"
#include "data/shapes/draw.h"
#include "data/shapes/scene.h"

namespace seglab {
namespace {

constexpr int64_t kMostSamples = 100000000;
constexpr int kMostDigits = 9;
constexpr int kGeneratorVersion = 1;  ///< raised when the same options give other pixels

const std::vector<std::string>& Splits() {
  static const std::vector<std::string> splits = {"train", "val", "test"};
  return splits;
}

enum class Twin { kScenes, kClasses };

/// The seed of one split: splits and twins must not share a single stream.
uint64_t SplitSeed(uint64_t seed, const std::string& split, Twin twin) {
  const auto found = std::find(Splits().begin(), Splits().end(), split);
  if (found == Splits().end()) {
    throw Error("data.split: unknown split \"", split, "\" of shapes, use train, val or test");
  }
  const uint64_t number = static_cast<uint64_t>(found - Splits().begin());
  return MixSeed(seed, static_cast<uint64_t>(twin), number);
}

std::string SampleName(const std::string& split, int64_t index) {
  std::ostringstream name;
  name << split << '_' << std::setw(kMostDigits) << std::setfill('0') << index;
  return name.str();
}

void CheckIndex(int64_t index, int64_t size) {
  if (index < 0 || index >= size) {
    throw std::out_of_range(StrCat("shapes: no sample ", index, " among ", size));
  }
}

class Shapes : public Dataset {
 public:
  explicit Shapes(const ShapesOptions& options)
      : options_(options), seed_(SplitSeed(options.seed, options.split, Twin::kScenes)) {}

  int64_t Size() const override { return options_.size; }
  std::string Name(int64_t index) const override { return SampleName(options_.split, index); }
  const LabelSet& Labels() const override { return ShapesLabels(); }
  Json Settings() const override {
    return {{"version", kGeneratorVersion}, {"split", options_.split},
            {"height", options_.height},    {"width", options_.width},
            {"seed", options_.seed},        {"void_border", options_.void_border}};
  }

  Sample Get(int64_t index) const override {
    CheckIndex(index, Size());
    RandomStream random(seed_, 0, static_cast<uint64_t>(index));
    shapes::Scene scene(options_.height, options_.width, options_.void_border);
    scene.PaintBackdrop(random);
    scene.PaintObjects(random);
    scene.Finish(random);
    return {scene.image(), scene.label(), Name(index)};
  }

 private:
  ShapesOptions options_;
  uint64_t seed_;
};

class ShapesClasses : public Dataset {
 public:
  explicit ShapesClasses(const ShapesClassesOptions& options)
      : options_(options), seed_(SplitSeed(options.seed, options.split, Twin::kClasses)) {}

  int64_t Size() const override { return options_.size; }
  std::string Name(int64_t index) const override { return SampleName(options_.split, index); }
  Task GetTask() const override { return Task::kClassification; }
  Json Settings() const override {
    return {{"version", kGeneratorVersion},
            {"split", options_.split},
            {"side", options_.side},
            {"seed", options_.seed}};
  }

  const LabelSet& Labels() const override {
    static const LabelSet labels = [] {
      LabelSet objects = ShapesLabels();
      objects.names.erase(objects.names.begin());
      objects.palette.erase(objects.palette.begin());
      return objects;
    }();
    return labels;
  }

  Sample Get(int64_t index) const override {
    CheckIndex(index, Size());
    RandomStream random(seed_, 0, static_cast<uint64_t>(index));
    const int category = static_cast<int>(random.Int(Labels().size()));
    shapes::Scene scene(options_.side, options_.side, false);
    scene.PaintBackdrop(random);
    scene.PaintPortrait(category, random);
    scene.Finish(random);
    return {scene.image(), Category{category}, Name(index)};
  }

 private:
  ShapesClassesOptions options_;
  uint64_t seed_;
};

/// What both twins read in the same way.
template <typename Options>
void ReadCommon(JsonReader& reader, Options& options) {
  reader.Has("name");  // the registry has used it to come here
  reader.GetChoice("split", options.split, Splits());
  reader.Get("size", options.size, int64_t{1}, kMostSamples);
  reader.Get("seed", options.seed);
}

}  // namespace

ShapesOptions ShapesOptions::FromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  ShapesOptions options;
  ReadCommon(reader, options);
  reader.Get("height", options.height, 32, 1024);
  reader.Get("width", options.width, 32, 1024);
  reader.Get("void_border", options.void_border);
  reader.Finish();
  return options;
}

ShapesClassesOptions ShapesClassesOptions::FromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  ShapesClassesOptions options;
  ReadCommon(reader, options);
  reader.Get("side", options.side, 32, 512);
  reader.Finish();
  return options;
}

const LabelSet& ShapesLabels() {
  static const LabelSet labels = [] {
    LabelSet set;
    set.names = {"background"};
    set.palette = {{32, 34, 42}};
    for (const shapes::Kind& kind : shapes::Kinds()) {
      set.names.push_back(kind.name);
      set.palette.push_back(kind.color);
    }
    return set;
  }();
  return labels;
}

std::shared_ptr<const Dataset> MakeShapes(const ShapesOptions& options) {
  return std::make_shared<Shapes>(options);
}

std::shared_ptr<const Dataset> MakeShapesClasses(const ShapesClassesOptions& options) {
  return std::make_shared<ShapesClasses>(options);
}

}  // namespace seglab
