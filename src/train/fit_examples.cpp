#include "train/fit_examples.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "regions/overlaps.h"

namespace seglab {
namespace {

/// Object o's box and mask.
std::vector<RegionShape> ObjectShapes(const ObjectMap& truth) {
  std::vector<RegionShape> shapes;
  for (const int id : truth.objects) {
    const cv::Rect box = BoxOf(truth, id);
    shapes.push_back({box, truth.ids(box) == id});
  }
  return shapes;
}

std::string KeyOf(const ObjectMap& truth) {
  Digest digest;
  for (int y = 0; y < truth.ids.rows; ++y)
    digest.Add(truth.ids.ptr(y), static_cast<size_t>(truth.ids.cols) * sizeof(uint16_t));
  for (const int id : truth.objects) digest.Add(&id, sizeof id);
  return "objects " + digest.Hex();
}

}  // namespace

FitExamples::FitExamples(std::shared_ptr<Rcnn> model, std::shared_ptr<const Dataset> data)
    : model_(std::move(model)), data_(std::move(data)) {
  const std::vector<std::string>& names = data_->Labels().names;
  classes_.assign(names.begin() + 1, names.end());
}

const FitImage& FitExamples::Image(int64_t index) const {
  if (index == current_) return image_;
  current_ = -1;
  FitImage image;
  image.sample = data_->Get(index);
  image.truth = ObjectsOf(*data_, index, image.sample.truth.LabelMap());
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
  const size_t proposals = image.proposals.regions().size();
  RegionLabels labels;
  labels.truth.assign(objects + proposals, -1);
  labels.overlap.assign((objects + proposals) * classes, 0);
  for (size_t o = 0; o < objects; ++o) {
    labels.truth[o] = image.truth.classes[o] - 1;
    labels.overlap[o * classes + labels.truth[o]] = 1;
  }
  const OverlapTable table = Overlaps(image.proposals, image.truth.ids);
  for (size_t column = 0; column < table.objects().size(); ++column) {
    const auto found = std::lower_bound(image.truth.objects.begin(), image.truth.objects.end(),
                                        table.objects()[column]);
    // An object that has no class is none.
    if (found == image.truth.objects.end() || *found != table.objects()[column]) continue;
    const int label = image.truth.classes[found - image.truth.objects.begin()] - 1;
    for (size_t region = 0; region < proposals; ++region) {
      float& best = labels.overlap[(objects + region) * classes + label];
      best = std::max(best, static_cast<float>(table.Overlap(region, column)));
    }
  }
  return labels;
}

RegionFeatures FitExamples::Features(int64_t index) const {
  const auto rows =
      std::make_shared<const at::Tensor>(Image(index).features.to(at::kFloat).contiguous());
  return {{rows->data_ptr<float>(), rows->size(0), rows->size(1)}, rows};
}

}  // namespace seglab
