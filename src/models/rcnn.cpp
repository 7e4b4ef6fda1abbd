// R-CNN for semantic segmentation.
//   R. Girshick, J. Donahue, T. Darrell, J. Malik, "Rich feature hierarchies for accurate object
//   detection and semantic segmentation", CVPR 2014, arXiv:1311.2524, section 5; pasting after
//   J. Carreira et al., "Semantic segmentation with second-order pooling", ECCV 2012 (O2P).
//
//   image -> proposals -> crops of 227 x 227, full and fg -> classifier up to fc6
//                                                                  |
//          score maps <- pasting <- threshold <- a linear SVM for each class
//
//   backbone.*            the classifier's weights, not trained here
//   svm_weight, svm_bias  (classes - 1, D), (classes - 1)
//   threshold             (1), what the background scores
//
// Deviations:
//   - proposals are selective search's with free-form masks; the paper takes CPMC's, 150 an image,
//     for which there is no free code of its quality: "proposals": {"max_regions": 150} takes the
//     first ones of ours;
//   - the classifiers are SVMs trained with hard negatives, as in the paper's detection, or
//     regressors to the overlap, as in its section 5 ("train": {"fit": {"classifier": "svr"}});
//   - features are kept in half precision.

#include "models/rcnn.h"

#include <torch/torch.h>

#include <map>
#include <utility>

#include "base/error.h"
#include "models/backbones/backbone.h"
#include "regions/paste.h"
#include "tensor/runtime.h"
#include "tensor/state.h"

namespace seglab {
namespace {

std::shared_ptr<SegModel> MakeBackbone(const RcnnOptions& options) {
  return MakeClassifier(options.backbone, kRcnnTrunkClasses, options.backbone_path);
}

/// H x W, CV_8UC3, which shares the memory of (H, W, 3) uint8.
cv::Mat AsMat(const at::Tensor& rgb) {
  return cv::Mat(static_cast<int>(rgb.size(0)), static_cast<int>(rgb.size(1)), CV_8UC3,
                 rgb.data_ptr<uint8_t>());
}

}  // namespace

void RcnnOptions::Check(const std::string& where) const {
  encoder.Check(where);
  proposals.Check(where + ".proposals");
  paste.Check(where + ".paste");
}

Json RcnnTrunk(const Json& spec) {
  return {{"name", "classifier"}, {"backbone", spec.value("backbone", RcnnOptions().backbone)}};
}

Rcnn::Rcnn(const RcnnOptions& options, int classes)
    : options_(options),
      paste_(options.paste),
      encoder_(register_module("backbone", MakeBackbone(options)), options.encoder, options.path) {
  options_.Check(options.path);
  proposals_ = std::make_unique<ProposalCache>("", options_.proposals);
  if (classes < 2) throw Error("rcnn: needs a background and another class, found ", classes);
  // In no optimiser's hands: they are fitted.
  weight_ = register_parameter("svm_weight", at::zeros({classes - 1, encoder_.Dimension()}), false);
  bias_ = register_parameter("svm_bias", at::zeros({classes - 1}), false);
  threshold_ = register_buffer("threshold", at::full({1}, paste_.threshold, at::kDouble));
}

SegOutput Rcnn::forward(const at::Tensor& image) {
  const c10::InferenceMode inference;
  const at::Tensor rgb = Unpreprocess(image, preprocessing).cpu();
  at::Tensor logits =
      at::empty({image.size(0), bias_.size(0) + 1, image.size(2), image.size(3)}, at::kFloat);
  for (int64_t i = 0; i < image.size(0); ++i) {
    at::Tensor map = logits[i];
    PasteInto(AsMat(rgb[i]), map);
  }
  return {logits.to(image.device()), {}};
}

void Rcnn::PasteInto(const cv::Mat& rgb, at::Tensor& logits) {
  const RegionSet set = Propose(rgb);
  const RegionScores scores = Score(FeaturesOf(rgb, ShapesOf(set), ProposalsKey()));
  PasteOptions paste = paste_;
  paste.threshold = Threshold();
  PasteImage(scores, set, paste, {logits.data_ptr<float>(), static_cast<size_t>(logits.numel())});
}

at::Tensor Rcnn::Features(const at::Tensor& image) {
  const int64_t side = options_.encoder.crop.side;
  const at::Tensor crop = Interpolate(image, Interpolation::Resize(image, side, side));
  return named_children()["backbone"]->as<SegModel>()->Features(crop);
}

SegModel::Start Rcnn::StartFrom(const NamedTensors& source) const {
  Start start;
  start.new_layers = {"svm_weight", "svm_bias", "threshold"};
  std::map<std::string, at::Tensor> own;
  for (const auto& [name, tensor] : ModuleState(*this)) own[name] = tensor;
  for (const auto& [name, tensor] : source) {
    const std::string ours = own.count(name) > 0 ? name : kRcnnTrunk + name;
    const auto found = own.find(ours);
    // The layer of the classifier's classes, of which there is one here, does nothing.
    const bool of_classes = found != own.end() && found->second.dim() > 0 && tensor.dim() > 0 &&
                            found->second.size(0) == 1 && tensor.size(0) > 1;
    if (of_classes) {
      start.dropped_layers.push_back(ours);
      start.new_layers.push_back(ours);
    } else {
      start.tensors.emplace_back(ours, tensor);
    }
  }
  for (const auto& [name, tensor] : own) {
    // Files may be without it from the start.
    if (HasPrefix(name, "backbone") && tensor.dim() > 0 && tensor.size(0) == 1 &&
        !HasAnyPrefix(name, start.new_layers))
      start.new_layers.push_back(name);
  }
  return start;
}

NetworkTraits Rcnn::Traits() const {
  return named_children()["backbone"]->as<SegModel>()->Traits();
}

RegionSet Rcnn::Propose(const cv::Mat& rgb) const { return proposals_->Get(rgb, UsableCores()); }

std::string Rcnn::ProposalsKey() const { return options_.proposals.ToJson().dump(); }

at::Tensor Rcnn::FeaturesOf(const cv::Mat& rgb, const RegionShapes& shapes,
                            const std::string& key) {
  return encoder_.Of(rgb, shapes, preprocessing, key);
}

RegionScores Rcnn::Score(const at::Tensor& features) const {
  const at::Tensor scores =
      at::addmm(bias_.cpu(), features.to(at::kFloat), weight_.cpu().t()).contiguous();
  const float* values = scores.data_ptr<float>();
  return {scores.size(0), scores.size(1), std::vector<float>(values, values + scores.numel())};
}

void Rcnn::SetClassifiers(const std::vector<LinearModel>& models) {
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < models.size(); ++i) {
    const LinearModel& model = models[i];
    const auto at_class = static_cast<int64_t>(i);
    weight_[at_class].copy_(torch::tensor(model.weights));
    bias_[at_class].fill_(model.bias);
  }
}

void Rcnn::SetThreshold(double threshold) { threshold_.fill_(threshold); }

double Rcnn::Threshold() const { return threshold_.item<double>(); }

void Rcnn::UseCache(const std::string& folder) {
  encoder_.UseCache(folder, preprocessing);
  proposals_ = std::make_unique<ProposalCache>(folder, options_.proposals);
}

std::shared_ptr<SegModel> MakeRcnn(JsonReader& reader, int classes) {
  RcnnOptions options;
  reader.Get("backbone", options.backbone);
  options.path = reader.path();
  options.backbone_path = reader.Path("backbone");
  options.encoder.Read(reader);
  if (Json part; reader.Get("proposals", part))
    options.proposals = ProposalOptions::FromJson(part, reader.Path("proposals"));
  if (Json part; reader.Get("paste", part))
    options.paste = PasteOptions::FromJson(part, reader.Path("paste"));
  return std::make_shared<Rcnn>(options, classes);
}

RegionShapes ShapesOf(const RegionSet& set) {
  return {static_cast<int64_t>(set.regions().size()), [&set](int64_t i) {
            const auto index = static_cast<size_t>(i);
            return RegionShape{set.regions()[index].box, set.Mask(index)};
          }};
}

}  // namespace seglab
