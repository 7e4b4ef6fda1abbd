#include "data/region_crops.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <opencv2/core.hpp>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "data/region_truth.h"
#include "regions/proposal_cache.h"

namespace seglab {
namespace {

constexpr int kMostCrops = 1000;

/// An image whose regions are drawn.
struct Parts {
  cv::Mat rgb;
  RegionSet proposals;
  std::vector<RegionShape> objects;
  /// Indices of regions, objects first and then proposals, and the class of each.
  std::vector<std::pair<int64_t, int>> positives;
  std::vector<int64_t> negatives;

  RegionShape Shape(int64_t region) const {
    const auto count = static_cast<int64_t>(objects.size());
    if (region < count) return objects[static_cast<size_t>(region)];
    const auto index = static_cast<size_t>(region - count);
    return {proposals.regions()[index].box, proposals.Mask(index)};
  }
};

class RegionCrops : public Dataset {
 public:
  RegionCrops(std::shared_ptr<const Dataset> images, const RegionCropsOptions& options)
      : images_(std::move(images)),
        options_(options),
        of_image_(options.positives + options.negatives),
        proposals_(options.cache, options.proposals) {}

  int64_t Size() const override { return images_->Size() * of_image_; }
  std::string Name(int64_t index) const override {
    return StrCat(images_->Name(index / of_image_), " region ", index % of_image_);
  }
  const LabelSet& Labels() const override { return images_->Labels(); }
  Task GetTask() const override { return Task::kClassification; }
  std::vector<std::string> Files(int64_t index) const override {
    return images_->Files(index / of_image_);
  }
  Json Settings() const override {
    return {{"of", images_->Settings()}, {"regions", options_.ToJson()}};
  }

  Sample Get(int64_t index) const override {
    const std::shared_ptr<const Parts> image = Image(index / of_image_);
    const bool wants_object = index % of_image_ < options_.positives;
    RandomStream random(options_.seed, 0, static_cast<uint64_t>(index));
    // What there is none of, the other stands in for.
    const bool is_object = !image->positives.empty() && (wants_object || image->negatives.empty());
    int64_t region = 0;
    int label = 0;
    if (is_object) {
      const auto count = static_cast<int64_t>(image->positives.size());
      std::tie(region, label) = image->positives[static_cast<size_t>(random.Int(count))];
    } else {
      const auto count = static_cast<int64_t>(image->negatives.size());
      region = image->negatives[static_cast<size_t>(random.Int(count))];
    }
    return {Crop(*image, region), Category{label}, Name(index)};
  }

 private:
  /// The last image is kept: samples in order make each one's proposals once.
  std::shared_ptr<const Parts> Image(int64_t index) const {
    {
      const std::lock_guard lock(mutex_);
      if (last_ == index) return parts_;
    }
    std::shared_ptr<const Parts> parts = Read(index);
    const std::lock_guard lock(mutex_);
    last_ = index;
    parts_ = parts;
    return parts;
  }

  std::shared_ptr<const Parts> Read(int64_t index) const {
    auto parts = std::make_shared<Parts>();
    const Sample sample = images_->Get(index);
    parts->rgb = sample.image;
    parts->proposals = proposals_.Get(sample.image, /*threads=*/1);
    ObjectMap map = ObjectsOf(*images_, index, sample.truth.LabelMap());
    DropSmallObjects(map, options_.min_object);
    parts->objects = ObjectShapes(map);
    const auto objects = static_cast<int64_t>(map.objects.size());
    for (int64_t o = 0; o < objects; ++o)
      parts->positives.emplace_back(o, map.classes[static_cast<size_t>(o)]);
    const auto regions = static_cast<int64_t>(parts->proposals.regions().size());
    const int classes = Labels().size() - 1;
    const std::vector<float> overlaps = ClassOverlaps(parts->proposals, map, classes);
    for (int64_t r = 0; r < regions; ++r) {
      const auto row = overlaps.begin() + r * classes;
      const auto best = std::max_element(row, row + classes);
      if (classes > 0 && *best >= options_.positive_overlap) {
        parts->positives.emplace_back(objects + r, static_cast<int>(best - row) + 1);
      } else {
        parts->negatives.push_back(objects + r);
      }
    }
    // There is always a proposal, so one of the lists has something.
    return parts;
  }

  cv::Mat Crop(const Parts& image, int64_t region) const {
    const int side = options_.crop.side;
    cv::Mat pixels(side, side, CV_8UC3), valid(side, side, CV_8UC1);
    const std::array<uint8_t, 3> fill = {options_.fill[0], options_.fill[1], options_.fill[2]};
    CropRegion(image.rgb, image.Shape(region), options_.crop, fill, options_.foreground,
               pixels.ptr<uint8_t>(), valid.ptr<uint8_t>());
    pixels.setTo(cv::Scalar(fill[0], fill[1], fill[2]), valid == 0);
    return pixels;
  }

  std::shared_ptr<const Dataset> images_;
  RegionCropsOptions options_;
  int64_t of_image_;
  mutable ProposalCache proposals_;
  mutable std::mutex mutex_;
  mutable int64_t last_ = -1;
  mutable std::shared_ptr<const Parts> parts_;
};

}  // namespace

RegionCropsOptions RegionCropsOptions::FromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  RegionCropsOptions options;
  if (Json part; reader.Get("proposals", part))
    options.proposals = ProposalOptions::FromJson(part, reader.Path("proposals"));
  if (Json part; reader.Get("crop", part))
    options.crop = CropOptions::FromJson(part, reader.Path("crop"));
  std::string view = "full";
  reader.GetChoice("features", view, {"full", "fg"});
  options.foreground = view == "fg";
  reader.Get("positives", options.positives, 0, kMostCrops);
  reader.Get("negatives", options.negatives, 0, kMostCrops);
  if (options.positives + options.negatives == 0)
    throw Error(path, ": positives and negatives are 0, so there is no crop; raise one");
  reader.Get("positive_overlap", options.positive_overlap, 0.01, 1.0);
  reader.Get("min_object", options.min_object, 0, 100000);
  std::vector<int> fill;
  if (reader.Get("fill", fill)) {
    const bool is_color = fill.size() == 3 && std::all_of(fill.begin(), fill.end(), [](int value) {
                            return value >= 0 && value <= 255;
                          });
    if (!is_color) throw Error(reader.Path("fill"), ": must be three numbers, 0 to 255");
    for (size_t i = 0; i < 3; ++i) options.fill[i] = static_cast<uint8_t>(fill[i]);
  }
  reader.Get("seed", options.seed);
  reader.Get("cache", options.cache);
  reader.Finish();
  return options;
}

Json RegionCropsOptions::ToJson() const {
  return {{"proposals", proposals.ToJson()},
          {"crop", crop.ToJson()},
          {"features", foreground ? "fg" : "full"},
          {"positives", positives},
          {"negatives", negatives},
          {"positive_overlap", positive_overlap},
          {"min_object", min_object},
          {"fill", {fill[0], fill[1], fill[2]}},
          {"seed", seed}};
}

std::shared_ptr<const Dataset> MakeRegionCrops(std::shared_ptr<const Dataset> images,
                                               const RegionCropsOptions& options) {
  return std::make_shared<RegionCrops>(std::move(images), options);
}

}  // namespace seglab
