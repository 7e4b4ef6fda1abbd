#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/objects.h"
#include "models/rcnn.h"
#include "regions/region_examples.h"

namespace seglab {

/// A training image, its regions and what is true of them: ground truth's objects come first, then
/// proposals.
struct FitImage {
  Sample sample;
  ObjectMap truth;
  RegionSet proposals;
  at::Tensor features;  ///< (objects + proposals, D) float16, of the cache's mapped files
};

/// A data set's images as examples of regions for an R-CNN's classifiers. Holds one image at a
/// time; others come from the model's cache.
class FitExamples : public RegionExamples {
 public:
  /// @param min_object  as DropSmallObjects takes it
  FitExamples(std::shared_ptr<Rcnn> model, std::shared_ptr<const Dataset> data, int min_object);

  int64_t Images() const override { return data_->Size(); }
  int64_t Dimension() const override { return model_->Dimension(); }
  const std::vector<std::string>& Classes() const override { return classes_; }
  RegionLabels Labels(int64_t image) const override;
  RegionFeatures Features(int64_t image) const override;

  /// @throws Error naming the file that cannot be read
  const FitImage& Image(int64_t index) const;

 private:
  std::shared_ptr<Rcnn> model_;
  std::shared_ptr<const Dataset> data_;
  std::vector<std::string> classes_;
  int min_object_;
  mutable int64_t current_ = -1;
  mutable FitImage image_;
};

}  // namespace seglab
