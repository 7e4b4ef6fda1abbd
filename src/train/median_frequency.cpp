#include "train/median_frequency.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/names.h"
#include "base/signals.h"
#include "data/labels.h"
#include "data/loader.h"
#include "losses/class_weights.h"

namespace seglab {
namespace {

/// Pixels of each label.
using LabelCounts = std::array<int64_t, 256>;

LabelCounts CountLabels(const Batch& sample, int classes) {
  LabelCounts counts = {};
  const at::Tensor label = sample.label.contiguous();
  const auto* labels = label.data_ptr<uint8_t>();
  for (int64_t i = 0; i < label.numel(); ++i) ++counts[labels[i]];
  for (int i = classes; i < kIgnoreLabel; ++i) {
    if (counts[i] > 0) {
      throw Error(sample.names.front(), ": label ", i, " is out of range, there are ", classes,
                  " classes");
    }
  }
  return counts;
}

void AddLabels(const LabelCounts& labels, ClassFrequencies& counts) {
  const auto classes = static_cast<int64_t>(counts.own.size());
  const int64_t all = std::accumulate(labels.begin(), labels.begin() + classes, int64_t{0});
  for (int64_t c = 0; c < classes; ++c) {
    counts.own[c] += labels[c];
    if (labels[c] > 0) counts.around[c] += all;
  }
}

void AddCategory(const Batch& sample, ClassFrequencies& counts) {
  const int64_t category = sample.label.item<int64_t>();
  const auto classes = static_cast<int64_t>(counts.own.size());
  if (category != kIgnoreLabel && (category < 0 || category >= classes)) {
    throw Error(sample.names.front(), ": category ", category, " is out of range, there are ",
                classes, " classes");
  }
  if (category < classes) ++counts.own[category];
  for (int64_t& images : counts.around) ++images;
}

/// Whether the loss, or one of those that it is a sum of, says kMedianFrequency; each such place is
/// given to `change`.
template <typename Change>
bool ForEachCounted(Json& loss, const Change& change) {
  if (!loss.is_object()) return false;
  bool found = false;
  const auto weights = loss.find("class_weights");
  if (weights != loss.end() && *weights == kMedianFrequency) {
    change(loss);
    found = true;
  }
  const auto parts = loss.find("losses");
  if (parts == loss.end() || !parts->is_array()) return found;
  for (Json& part : *parts) found |= ForEachCounted(part, change);
  return found;
}

}  // namespace

std::vector<double> MedianFrequencyWeights(const ClassFrequencies& counts) {
  std::vector<double> frequencies, sorted;
  for (size_t c = 0; c < counts.own.size(); ++c) {
    const bool occurs = counts.own[c] > 0;
    frequencies.push_back(
        occurs ? static_cast<double>(counts.own[c]) / static_cast<double>(counts.around[c]) : 0);
    if (occurs) sorted.push_back(frequencies.back());
  }
  if (sorted.empty()) {
    throw Error("train.loss.class_weights: \"", kMedianFrequency,
                "\": the training data have no labelled pixel");
  }
  std::sort(sorted.begin(), sorted.end());
  const double median = (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2;
  std::vector<double> weights;
  for (const double frequency : frequencies)
    weights.push_back(frequency > 0 ? median / frequency : 0);
  return weights;
}

ClassFrequencies CountClasses(const std::shared_ptr<const Dataset>& data, int threads,
                              const std::string& title) {
  const int classes = data->Labels().size();
  ClassFrequencies counts{std::vector<int64_t>(classes, 0), std::vector<int64_t>(classes, 0)};
  LoaderOptions loading;
  loading.threads = threads;
  Loader loader = Loader::OnePass(data, {}, loading);
  Progress progress(title + ": counts classes", data->Size());
  int64_t done = 0;
  while (const std::optional<Batch> sample = loader.Next()) {
    if (const int signal = StopRequested(); signal != 0)
      throw Stopped(signal, title + ": stopped while it counted classes");
    if (sample->task == Task::kClassification) {
      AddCategory(*sample, counts);
    } else {
      AddLabels(CountLabels(*sample, classes), counts);
    }
    progress.Update(++done);
  }
  return counts;
}

Json LossWithCountedWeights(const TrainJob& job) {
  Json loss = job.options.loss;
  if (!ForEachCounted(loss, [](Json&) {})) return loss;
  const std::vector<double> weights =
      MedianFrequencyWeights(CountClasses(job.train, job.options.threads, job.title));
  ForEachCounted(loss, [&weights](Json& part) { part["class_weights"] = weights; });
  if (!IsFirst(job.group)) return loss;
  std::vector<std::string> said;
  for (size_t c = 0; c < weights.size(); ++c)
    said.push_back(StrCat(job.train->Labels().names[c], " ", Significant(weights[c], 4)));
  Log::Info(job.title, ": class weights by median frequency: ", Join(said));
  return loss;
}

Json LossWithoutCounting(const Json& loss) {
  Json plain = loss;
  ForEachCounted(plain, [](Json& part) { part.erase("class_weights"); });
  return plain;
}

}  // namespace seglab
