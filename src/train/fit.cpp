#include "train/fit.h"

#include <torch/torch.h>

#include <cmath>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/log.h"
#include "base/signals.h"
#include "models/rcnn.h"
#include "regions/hard_negatives.h"
#include "regions/regressors.h"
#include "regions/threshold_search.h"
#include "tensor/compat.h"
#include "tensor/device.h"
#include "tensor/runtime.h"
#include "train/checkpoint.h"
#include "train/fit_examples.h"
#include "train/metrics_log.h"
#include "weights/checkpoint_file.h"

namespace seglab {
namespace {

/// Some of the images.
class PartOfExamples : public RegionExamples {
 public:
  PartOfExamples(const FitExamples& all, const std::vector<int64_t>& images)
      : all_(all), images_(images) {}
  int64_t Images() const override { return static_cast<int64_t>(images_.size()); }
  int64_t Dimension() const override { return all_.Dimension(); }
  const std::vector<std::string>& Classes() const override { return all_.Classes(); }
  RegionLabels Labels(int64_t image) const override { return all_.Labels(images_[image]); }
  RegionFeatures Features(int64_t image) const override { return all_.Features(images_[image]); }

 private:
  const FitExamples& all_;
  const std::vector<int64_t>& images_;
};

/// One fit; see Fit().
class Fitting {
 public:
  explicit Fitting(const TrainJob& job)
      : job_(job),
        model_(std::dynamic_pointer_cast<Rcnn>(job.model)),
        last_path_(JoinPath(job.folder, "last.safetensors")) {
    if (model_ == nullptr) throw std::logic_error("only an Rcnn is fitted");
    UseChannelsLast(*model_);
    const std::optional<TrainState> saved = ReadTrainState(last_path_);
    if (saved && saved->run_hash == job.run_hash && saved->finished) {
      RestoreFinished(last_path_, *model_);
      state_ = *saved;
    }
    state_.run_hash = job.run_hash;
    model_->UseCache(JoinPath(job.folder, job.options.feature_cache));
  }

  TrainSummary Run() {
    if (!state_.finished) FitAll();
    model_->UseCache("");  // what an evaluation takes is to be what any image takes
    return {state_.seconds, state_.iteration, state_.best_score, state_.best_iteration};
  }

 private:
  void FitAll() {
    const double start = Seconds();
    const AutocastGuard autocast(DeviceOf(*model_).type(),
                                 job_.options.precision == Precision::kBfloat16, at::kBFloat16);
    FitExamples examples(model_, job_.train, job_.options.fit.min_object);
    ComputeFeatures(examples);
    const int64_t every = job_.options.fit.holdout;
    std::vector<int64_t> fitted, held_out;
    for (int64_t i = 0; i < examples.Images(); ++i)
      (every > 0 && i % every == every - 1 ? held_out : fitted).push_back(i);
    if (!held_out.empty()) {
      TrainClassifiers(PartOfExamples(examples, fitted));
      ChooseThreshold(examples, held_out);
    }
    const std::vector<Json> lines = TrainClassifiers(examples);
    if (held_out.empty()) ChooseThreshold(examples, fitted);
    MetricsLog metrics(job_.folder, 0, false, job_.forms);
    for (const Json& line : lines) metrics.Write(line);
    state_.seconds = Seconds() - start;
    state_.finished = true;
    SaveFinished(last_path_, *model_, state_,
                 ModelMetadata(*model_, job_.model_spec, job_.train->Labels()));
  }

  void StopIfAsked(const char* what) const {
    if (const int signal = StopRequested()) {
      throw Stopped(signal, StrCat(job_.title, ": stopped ", what,
                                   "; the same command goes on with the features of before"));
    }
  }

  void ComputeFeatures(const FitExamples& examples) const {
    Progress progress(job_.title + ", features", examples.Images());
    int64_t regions = 0;
    for (int64_t i = 0; i < examples.Images(); ++i) {
      StopIfAsked("while features were computed");
      regions += examples.Image(i).features.size(0);
      progress.Update(i + 1);
    }
    Log::Info(job_.title, ": ", regions, " regions of ", examples.Images(), " images, ",
              model_->Dimension(), " features each");
  }

  /// Returns what each class's training was like.
  std::vector<Json> TrainClassifiers(const RegionExamples& examples) {
    const FitOptions& fit = job_.options.fit;
    const std::vector<std::string>& names = examples.Classes();
    std::vector<Json> lines;
    if (fit.classifier == FitOptions::Classifier::kSvr) {
      const RegionRegressors found = TrainRegressors(examples, fit.regressors);
      model_->SetClassifiers(found.models);
      for (size_t i = 0; i < names.size(); ++i) {
        lines.push_back({{"iteration", 0},
                         {"class", names[i]},
                         {"rows", found.rows},
                         {"objective", found.models[i].objective}});
      }
      return lines;
    }
    const RegionClassifiers found = MineHardNegatives(examples, fit.mining, UsableCores());
    model_->SetClassifiers(found.models);
    for (size_t i = 0; i < names.size(); ++i) {
      const MinedClass& mined = found.classes[i];
      lines.push_back({{"iteration", 0},
                       {"class", names[i]},
                       {"trained", mined.trained},
                       {"positives", mined.positives},
                       {"negatives", mined.negatives},
                       {"trainings", mined.trainings},
                       {"objective", mined.model.objective}});
    }
    Log::Info(job_.title, ": SVMs after ", found.added.size(), " passes, ",
              found.fixed_point ? "a fixed point" : "no fixed point yet", "; ",
              FormatBytes(found.peak_bytes), " of rows at most");
    return lines;
  }

  void ChooseThreshold(const FitExamples& examples, const std::vector<int64_t>& images) {
    ThresholdSearch search(static_cast<int>(examples.Classes().size()), model_->paste(),
                           job_.options.fit.threshold);
    Progress progress(job_.title + ", threshold", static_cast<int64_t>(images.size()));
    for (size_t i = 0; i < images.size(); ++i) {
      StopIfAsked("while the threshold was chosen");
      const FitImage& image = examples.Image(images[i]);
      const auto objects = static_cast<int64_t>(image.truth.objects.size());
      const at::Tensor proposals =
          image.features.narrow(0, objects, image.features.size(0) - objects);
      search.Add(model_->Score(proposals), image.proposals, image.sample.truth.LabelMap());
      progress.Update(static_cast<int64_t>(i) + 1);
    }
    const ThresholdChoice choice = search.Choose();
    model_->SetThreshold(choice.threshold);
    Log::Info(job_.title, ": threshold ", choice.threshold, ", ", choice.mean_segments,
              " segments in an image",
              std::isfinite(choice.mean_iou)
                  ? StrCat(", mean IU ", FormatPercent(100 * choice.mean_iou))
                  : "");
  }

  const TrainJob& job_;
  std::shared_ptr<Rcnn> model_;
  std::string last_path_;
  TrainState state_;
};

}  // namespace

TrainSummary Fit(const TrainJob& job) { return Fitting(job).Run(); }

}  // namespace seglab
