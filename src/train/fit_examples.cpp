#include "train/fit_examples.h"

#include <torch/torch.h>

#include <utility>

#include "base/digest.h"
#include "data/region_truth.h"

namespace seglab {
namespace {

std::string KeyOf(const ObjectMap& truth) {
  Digest digest;
  for (int y = 0; y < truth.ids.rows; ++y)
    digest.Add(truth.ids.ptr(y), static_cast<size_t>(truth.ids.cols) * sizeof(uint16_t));
  for (const int id : truth.objects) digest.Add(&id, sizeof id);
  return "objects " + digest.Hex();
}

}  // namespace

FitExamples::FitExamples(std::shared_ptr<Rcnn> model, std::shared_ptr<const Dataset> data,
                         int min_object)
    : model_(std::move(model)), data_(std::move(data)), min_object_(min_object) {
  const std::vector<std::string>& names = data_->Labels().names;
  classes_.assign(names.begin() + 1, names.end());
}

const FitImage& FitExamples::Image(int64_t index) const {
  if (index == current_) return image_;
  current_ = -1;
  FitImage image;
  image.sample = data_->Get(index);
  image.truth = ObjectsOf(*data_, index, image.sample.truth.LabelMap());
  DropSmallObjects(image.truth, min_object_);
  const cv::Mat& rgb = image.sample.image;
  image.proposals = model_->Propose(rgb);
  const at::Tensor proposals =
      model_->FeaturesOf(rgb, ShapesOf(image.proposals), model_->ProposalsKey());
  const std::vector<RegionShape> objects = ObjectShapes(image.truth);
  if (objects.empty()) {
    image.features = proposals;
  } else {
    const RegionShapes shapes = {static_cast<int64_t>(objects.size()),
                                 [&objects](int64_t i) { return objects[i]; }};
    image.features = at::cat({model_->FeaturesOf(rgb, shapes, KeyOf(image.truth)), proposals}, 0);
  }
  image_ = std::move(image);
  current_ = index;
  return image_;
}

RegionLabels FitExamples::Labels(int64_t index) const {
  const FitImage& image = Image(index);
  const size_t objects = image.truth.objects.size(), classes = classes_.size();
  RegionLabels labels;
  labels.truth.assign(objects + image.proposals.regions().size(), -1);
  labels.overlap.assign(objects * classes, 0);
  for (size_t o = 0; o < objects; ++o) {
    labels.truth[o] = image.truth.classes[o] - 1;
    labels.overlap[o * classes + labels.truth[o]] = 1;
  }
  const std::vector<float> overlaps =
      ClassOverlaps(image.proposals, image.truth, static_cast<int>(classes));
  labels.overlap.insert(labels.overlap.end(), overlaps.begin(), overlaps.end());
  return labels;
}

RegionFeatures FitExamples::Features(int64_t index) const {
  const auto rows =
      std::make_shared<const at::Tensor>(Image(index).features.to(at::kFloat).contiguous());
  return {{rows->data_ptr<float>(), rows->size(0), rows->size(1)}, rows};
}

}  // namespace seglab
