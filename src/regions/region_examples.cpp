#include "regions/region_examples.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/error.h"
#include "base/random.h"
#include "regions/svm_options.h"

namespace seglab {

namespace {

double Norm(std::span<const float> row) {
  double sum = 0;
  for (const float value : row) sum += static_cast<double>(value) * value;
  return std::sqrt(sum);
}

}  // namespace

LabelledImage ReadImage(const RegionExamples& examples, int64_t image) {
  LabelledImage read{examples.Labels(image), examples.Features(image)};
  const FeatureView& view = read.features.view;
  const auto rows = static_cast<size_t>(view.rows);
  if (view.columns != examples.Dimension() || read.labels.truth.size() != rows ||
      read.labels.overlap.size() != rows * examples.Classes().size()) {
    throw std::logic_error(
        StrCat("RegionExamples: labels and features of image ", image, " are of different sizes"));
  }
  return read;
}

std::vector<int64_t> DrawIndices(int64_t n, int64_t count, uint64_t seed, uint64_t key) {
  std::vector<int64_t> drawn = RandomOrder(n, seed, key);
  drawn.resize(static_cast<size_t>(std::min(n, count)));
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

ScaleOptions ScaleOptions::FromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  ScaleOptions options;
  reader.Get("mean_norm", options.mean_norm);
  reader.Get("images", options.images);
  reader.Get("regions", options.regions);
  reader.Get("seed", options.seed);
  reader.Finish();
  options.Check(path);
  return options;
}

Json ScaleOptions::ToJson() const {
  return {{"mean_norm", mean_norm}, {"images", images}, {"regions", regions}, {"seed", seed}};
}

void ScaleOptions::Check(const std::string& where) const {
  CheckNotNegative(where, "mean_norm", mean_norm);
  if (images < 1) throw Error(where, ".images: is ", images, ", must be 1 or more");
  if (regions < 1) throw Error(where, ".regions: is ", regions, ", must be 1 or more");
}

double FeatureScale(const RegionExamples& examples, const ScaleOptions& options) {
  options.Check();
  if (options.mean_norm == 0) return 1;
  // The keys of images are their indices; that of the images' own order is one that no image has.
  const auto order_of_images = static_cast<uint64_t>(examples.Images());
  double sum = 0;
  int64_t rows = 0;
  for (const int64_t image :
       DrawIndices(examples.Images(), options.images, options.seed, order_of_images)) {
    const RegionFeatures features = examples.Features(image);
    for (const int64_t row : DrawIndices(features.view.rows, options.regions, options.seed,
                                         static_cast<uint64_t>(image))) {
      sum += Norm(features.view.Row(row));
      ++rows;
    }
  }
  if (!(sum > 0) || !std::isfinite(sum)) {
    throw Error("features of regions: the mean norm of ", rows, " rows is ",
                rows == 0 ? 0 : sum / static_cast<double>(rows),
                "; look at the proposals and at the network's weights");
  }
  return options.mean_norm * static_cast<double>(rows) / sum;
}

}  // namespace seglab
