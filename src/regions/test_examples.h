#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "regions/feature_rows.h"
#include "regions/region_examples.h"

namespace seglab {

/// Rows of features with a label each, which overlap: no plane parts them.
struct TestTask {
  int64_t dimension;
  std::vector<float> values, labels;

  FeatureView View() const {
    return {values.data(), static_cast<int64_t>(labels.size()), dimension};
  }
};

/// Rows of `dimension` normal values, positives shifted by `shift` in each; half of the values are
/// zero, as behind a rectifier.
inline TestTask MakeTask(int positives, int negatives, int64_t dimension, double shift,
                         uint64_t seed) {
  RandomStream random(seed);
  TestTask task{dimension, {}, {}};
  for (int i = 0; i < positives + negatives; ++i) {
    // Of mixed order, as rows of images are.
    const bool positive = i % 2 == 0 ? i / 2 < positives : i / 2 >= negatives;
    task.labels.push_back(positive ? 1.f : -1.f);
    for (int64_t d = 0; d < dimension; ++d) {
      const double value = random.Normal() + (positive ? shift : 0);
      task.values.push_back(random.Chance(.5) ? 0.f : static_cast<float>(value));
    }
  }
  return task;
}

/// A region, its class of ground truth or -1, and its overlap with each class.
struct TestRegion {
  std::vector<float> features;
  int truth;
  std::vector<float> overlap;
};

/// Examples in memory. Each asking for features gives a fresh copy, which is counted.
class TestExamples : public RegionExamples {
 public:
  TestExamples(std::vector<std::string> classes, int64_t dimension)
      : classes_(std::move(classes)), dimension_(dimension) {}

  void Add(std::vector<TestRegion> image) { images_.push_back(std::move(image)); }
  const std::vector<std::vector<TestRegion>>& images() const { return images_; }
  int features_read() const { return features_read_; }

  int64_t Images() const override { return static_cast<int64_t>(images_.size()); }
  int64_t Dimension() const override { return dimension_; }
  const std::vector<std::string>& Classes() const override { return classes_; }
  RegionLabels Labels(int64_t image) const override {
    RegionLabels labels;
    for (const TestRegion& region : images_.at(static_cast<size_t>(image))) {
      labels.truth.push_back(region.truth);
      labels.overlap.insert(labels.overlap.end(), region.overlap.begin(), region.overlap.end());
    }
    return labels;
  }
  RegionFeatures Features(int64_t image) const override {
    ++features_read_;
    auto values = std::make_shared<std::vector<float>>();
    const std::vector<TestRegion>& regions = images_.at(static_cast<size_t>(image));
    for (const TestRegion& region : regions) {
      values->insert(values->end(), region.features.begin(), region.features.end());
    }
    return {{values->data(), static_cast<int64_t>(regions.size()), dimension_}, values};
  }

 private:
  std::vector<std::string> classes_;
  int64_t dimension_;
  std::vector<std::vector<TestRegion>> images_;
  mutable int features_read_ = 0;
};

/// Random images: two regions of ground truth in each, of one or two of the first `present`
/// classes, and `proposals` others, a third of which overlap a class. Regions resemble what they
/// overlap.
inline TestExamples MakeExamples(std::vector<std::string> classes, int present, int images,
                                 int proposals, int64_t dimension, uint64_t seed) {
  RandomStream random(seed);
  const auto count = static_cast<int>(classes.size());
  TestExamples examples(std::move(classes), dimension);
  for (int i = 0; i < images; ++i) {
    std::vector<TestRegion> regions;
    for (int r = 0; r < 2 + proposals; ++r) {
      TestRegion region{{}, -1, std::vector<float>(static_cast<size_t>(count), 0)};
      const auto about = static_cast<int>(random.Int(present));
      double likeness = 0;
      if (r < 2) region.truth = about;
      if (r < 2 || random.Chance(.33)) {
        likeness = r < 2 ? 1 : random.Uniform();
        region.overlap[static_cast<size_t>(about)] = static_cast<float>(likeness);
      }
      for (int64_t d = 0; d < dimension; ++d) {
        const double mean = d % present == about ? 2 * likeness : 0;
        region.features.push_back(std::max(0.f, static_cast<float>(mean + .5 * random.Normal())));
      }
      regions.push_back(std::move(region));
    }
    examples.Add(std::move(regions));
  }
  return examples;
}

}  // namespace seglab
