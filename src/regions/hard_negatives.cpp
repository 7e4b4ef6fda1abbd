#include "regions/hard_negatives.h"

#include <algorithm>
#include <stdexcept>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/names.h"
#include "base/signals.h"

namespace seglab {

namespace {

constexpr int64_t kMaxRegions = int64_t{1} << 24;  // of an image: keys are made of both numbers

const MiningOptions& Checked(const MiningOptions& options) {
  options.Check();
  return options;
}

}  // namespace

HardNegativeMiner::HardNegativeMiner(const RegionExamples& examples, const MiningOptions& options,
                                     int threads)
    : examples_(examples),
      options_(Checked(options)),
      threads_(threads),
      rows_(examples.Dimension(), options.svm.bias_multiplier,
            FeatureScale(examples, options.scale)),
      kept_(examples.Classes().size()),
      classes_(examples.Classes().size(), MinedClass{AbsentModel(examples.Dimension())}),
      scorer_(Models()) {
  if (options_.scale.mean_norm > 0) {
    Log::Info("SVMs: features are scaled by ", Significant(scale(), 4), " to a mean norm of ",
              options_.scale.mean_norm);
  }
  ReadPositives();
}

void HardNegativeMiner::ReadPositives() {
  for (int64_t image = 0; image < examples_.Images(); ++image) {
    const RegionLabels labels = examples_.Labels(image);
    const auto regions = static_cast<int64_t>(labels.truth.size());
    LabelledImage read;  // when there is a positive
    for (int64_t r = 0; r < regions; ++r) {
      for (size_t c = 0; c < classes_.size(); ++c) {
        if (!IsPositive(labels, r, c)) continue;
        if (read.labels.truth.empty()) read = ReadImage(examples_, image);
        kept_[c].positives.push_back(Keep(image, r, read.features.view.Row(r)));
      }
    }
  }
  std::vector<std::string> absent;
  for (size_t c = 0; c < classes_.size(); ++c) {
    classes_[c].positives = static_cast<int64_t>(kept_[c].positives.size());
    if (kept_[c].positives.empty()) absent.push_back(examples_.Classes()[c]);
  }
  if (absent.size() == classes_.size()) {
    throw Error("SVMs: no class has a positive region in ", examples_.Images(),
                " images; look at the ground truth and its overlap with the regions");
  }
  if (!absent.empty()) {
    Log::Warn("SVMs: no positive region of ", Join(absent),
              "; no region will be given these classes, the others are trained");
  }
}

int64_t HardNegativeMiner::Pass() {
  int64_t added = 0;
  Progress progress("mining hard negatives", examples_.Images());
  for (int64_t image = 0; image < examples_.Images(); ++image) {
    if (const int signal = StopRequested()) throw Stopped(signal, "mining stopped");
    added += Visit(image);
    progress.Update(image + 1);
  }
  for (size_t c = 0; c < classes_.size(); ++c) {
    if (kept_[c].added > 0) Train(c, "end of the pass");
    if (!classes_[c].trained && classes_[c].positives > 0) {
      Log::Warn("SVMs: no negative region of ", examples_.Classes()[c],
                "; no region will be given this class");
    }
  }
  return added;
}

int64_t HardNegativeMiner::Visit(int64_t image) {
  const auto [labels, features] = ReadImage(examples_, image);
  const FeatureView& view = features.view;
  const RegionScores scores = scorer_.Score(view, threads_);
  int64_t added = 0;
  for (size_t c = 0; c < classes_.size(); ++c) {
    if (kept_[c].positives.empty()) continue;
    for (int64_t r = 0; r < view.rows; ++r) {
      if (IsPositive(labels, r, c) || !(Overlap(labels, r, c) < options_.negative_overlap))
        continue;
      if (classes_[c].trained && !(scores.Row(r)[c] > options_.add_above)) continue;
      const int64_t key = image * kMaxRegions + r;
      if (!kept_[c].negative_keys.insert(key).second) continue;
      kept_[c].negatives.push_back(Keep(image, r, view.Row(r)));
      ++kept_[c].added;
      ++classes_[c].added;
      ++added;
    }
    const int64_t limit = classes_[c].trained ? options_.retrain_after : 0;
    if (kept_[c].added > limit) Train(c, StrCat("image ", image + 1));
  }
  return added;
}

void HardNegativeMiner::Train(size_t index, const std::string& when) {
  MinedClass& mined = classes_[index];
  Rows& kept = kept_[index];
  std::vector<int64_t> slots;
  for (const auto* list : {&kept.positives, &kept.negatives}) {
    for (const Kept& row : *list) slots.push_back(row.slot);
  }
  std::vector<float> labels(slots.size(), -1);
  std::fill_n(labels.begin(), kept.positives.size(), 1.f);
  mined.model = TrainSvm(rows_, slots, labels, options_.svm);
  mined.trained = true;
  ++mined.trainings;
  const int64_t dropped_before = mined.dropped;
  const int64_t evicted = Evict(index);
  mined.evicted += evicted;
  const int64_t dropped = mined.dropped - dropped_before;
  mined.negatives = static_cast<int64_t>(kept.negatives.size());
  scorer_.Set(static_cast<int64_t>(index), ForUnscaled(mined.model, scale()));
  Log::Info("SVM of ", examples_.Classes()[index], ", ", when, ": ", mined.positives,
            " positives, ", slots.size() - kept.positives.size(), " negatives (", kept.added,
            " new), objective ", Significant(mined.model.objective, 6), ", ", evicted,
            " negatives evicted",
            dropped > 0 ? StrCat(", ", dropped, " of them hard (max_negatives)") : "",
            mined.model.converged ? "" : "; liblinear did not converge");
  kept.added = 0;
}

int64_t HardNegativeMiner::Evict(size_t index) {
  const LinearModel& model = classes_[index].model;
  std::vector<Kept>& negatives = kept_[index].negatives;
  std::vector<double> scores;
  for (const Kept& row : negatives) {
    scores.push_back(rows_.Score(row.slot, model.weights, model.bias));
  }
  std::vector<size_t> stays;
  for (size_t i = 0; i < negatives.size(); ++i) {
    if (!(scores[i] < options_.evict_below)) stays.push_back(i);
  }
  const auto limit = static_cast<size_t>(options_.max_negatives);
  if (limit > 0 && stays.size() > limit) {
    classes_[index].dropped += static_cast<int64_t>(stays.size() - limit);
    // Of equal ones the earlier; those that stay keep their order.
    std::stable_sort(stays.begin(), stays.end(),
                     [&](size_t a, size_t b) { return scores[a] > scores[b]; });
    stays.resize(limit);
    std::sort(stays.begin(), stays.end());
  }
  std::vector<Kept> rest;
  auto next = stays.begin();
  for (size_t i = 0; i < negatives.size(); ++i) {
    if (next != stays.end() && *next == i) {
      rest.push_back(negatives[i]);
      ++next;
    } else {
      kept_[index].negative_keys.erase(negatives[i].key);
      Release(negatives[i]);
    }
  }
  const auto evicted = static_cast<int64_t>(negatives.size() - rest.size());
  negatives = std::move(rest);
  return evicted;
}

HardNegativeMiner::Kept HardNegativeMiner::Keep(int64_t image, int64_t region,
                                                std::span<const float> row) {
  if (region >= kMaxRegions) throw Error("SVMs: an image has more than ", kMaxRegions, " regions");
  const int64_t key = image * kMaxRegions + region;
  auto [found, fresh] = shared_.try_emplace(key, Shared{0, 0});
  if (fresh) found->second.slot = rows_.Add(row);
  ++found->second.users;
  return {key, found->second.slot};
}

void HardNegativeMiner::Release(const Kept& kept) {
  const auto found = shared_.find(kept.key);
  if (--found->second.users > 0) return;
  rows_.Remove(kept.slot);
  shared_.erase(found);
}

std::vector<LinearModel> HardNegativeMiner::Models() const {
  std::vector<LinearModel> models;
  for (const MinedClass& mined : classes_) models.push_back(ForUnscaled(mined.model, scale()));
  return models;
}

bool HardNegativeMiner::IsPositive(const RegionLabels& labels, int64_t region, size_t index) const {
  if (labels.truth[static_cast<size_t>(region)] == static_cast<int>(index)) return true;
  return options_.positive_overlap > 0 &&
         Overlap(labels, region, index) >= options_.positive_overlap;
}

float HardNegativeMiner::Overlap(const RegionLabels& labels, int64_t region, size_t index) const {
  return labels.overlap[static_cast<size_t>(region) * classes_.size() + index];
}

RegionClassifiers MineHardNegatives(const RegionExamples& examples, const MiningOptions& options,
                                    int threads) {
  HardNegativeMiner miner(examples, options, threads);
  RegionClassifiers result;
  while (!result.fixed_point && static_cast<int64_t>(result.added.size()) < options.passes) {
    result.added.push_back(miner.Pass());
    result.fixed_point = result.added.back() == 0;
    Log::Info("SVMs: pass ", result.added.size(), " of at most ", options.passes, " added ",
              result.added.back(), " negatives", result.fixed_point ? ": a fixed point" : "",
              "; rows took ", FormatBytes(miner.peak_bytes()), " at most");
  }
  result.models = miner.Models();
  result.classes = miner.classes();
  result.scale = miner.scale();
  result.peak_bytes = miner.peak_bytes();
  return result;
}

}  // namespace seglab
