#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "models/region_encoder.h"
#include "models/seg_model.h"
#include "regions/linear_svm.h"
#include "regions/paste_options.h"
#include "regions/proposal_cache.h"
#include "regions/proposal_options.h"
#include "regions/region_scores.h"
#include "regions/region_set.h"

namespace seglab {

struct RcnnOptions {
  RegionEncoderOptions encoder;      ///< "features", "layer", "crop", "batch"
  ProposalOptions proposals;         ///< "fast", "quality", or an object
  PasteOptions paste;                ///< its threshold is found in fitting, see Rcnn::SetThreshold
  Json backbone = "alexnet";         ///< name, or object with "name" and the backbone's options
  std::string path = "RcnnOptions";  ///< names the options in messages,
  std::string backbone_path = "backbone";  ///< and those of the backbone

  /// @param where  what the options are called in a message
  /// @throws Error naming the member that is wrong
  void Check(const std::string& where = "RcnnOptions") const;
};

/// R-CNN for segmentation: what forward() does is in rcnn.cpp; its classifiers are fitted to
/// features of labelled regions (train/fit.h), for which the steps are public.
class Rcnn : public SegModel {
 public:
  /// @param classes  with the background, which is class 0; at least 2
  /// @throws Error when options are wrong
  Rcnn(const RcnnOptions& options, int classes);

  /// Score maps whose arg max is the labels of the pasted regions, see PasteScores. Each image is
  /// made 8-bit again, its regions are proposed, cropped, run through the backbone, scored, pasted.
  /// @param image  (N, 3, H, W), normalised as `preprocessing` says
  /// @return logits (N, classes, H, W) float32; no gradient
  SegOutput forward(const at::Tensor& image) override;
  /// The backbone's, of the image as one crop.
  at::Tensor Features(const at::Tensor& image) override;
  Start StartFrom(const NamedTensors& source) const override;
  NetworkTraits Traits() const override;

  /// The regions of an image, best first. From the cache where there is one.
  /// @param rgb  CV_8UC3
  RegionSet Propose(const cv::Mat& rgb) const;

  /// What the classifiers are fitted to: a row for each shape.
  /// @param key  of the shapes in the cache (an image's proposals: ProposalsKey()); "": not cached
  /// @return (shapes, Dimension()) float16 on the CPU
  at::Tensor FeaturesOf(const cv::Mat& rgb, const RegionShapes& shapes, const std::string& key);
  std::string ProposalsKey() const;

  /// Scores of an image's regions by the classifiers. @param features  as FeaturesOf gives them
  RegionScores Score(const at::Tensor& features) const;

  int64_t Dimension() const { return encoder_.Dimension(); }
  const PasteOptions& paste() const { return paste_; }

  /// One model for each class but the background, on features as they are.
  void SetClassifiers(const std::vector<LinearModel>& models);
  void SetThreshold(double threshold);
  double Threshold() const;

  /// Keeps proposals and features of images in this folder from now on, by what they are functions
  /// of: the image's pixels, the options, the backbone's weights as they are now. "": nothing is
  /// kept.
  /// @throws Error when the folder cannot be made
  void UseCache(const std::string& folder);

 private:
  void PasteInto(const cv::Mat& rgb, at::Tensor& logits);

  RcnnOptions options_;
  PasteOptions paste_;
  RegionEncoder encoder_;
  at::Tensor weight_, bias_, threshold_;  ///< (classes - 1, D), (classes - 1), (1)
  std::unique_ptr<ProposalCache> proposals_;
};

/// Of a network's JSON: the one of its trunk, a classifier, whose weights the network has as
/// kRcnnTrunk + name. @param spec  an object
Json RcnnTrunk(const Json& spec);
inline constexpr char kRcnnTrunk[] = "backbone.";
inline constexpr int kRcnnTrunkClasses = 1;  ///< of its last layer, which gives no features

std::shared_ptr<SegModel> MakeRcnn(JsonReader& reader, int classes);

/// The shapes of a set's regions; the set must outlive them.
RegionShapes ShapesOf(const RegionSet& set);

}  // namespace seglab
