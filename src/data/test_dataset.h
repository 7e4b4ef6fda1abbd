#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/dataset.h"

// Data sets of tests.
namespace seglab {

inline LabelSet TestLabels(int classes) {
  LabelSet labels;
  for (int i = 0; i < classes; ++i) {
    labels.names.push_back(StrCat("class ", i));
    labels.palette.push_back(VocColor(i));
  }
  return labels;
}

/// Samples that lie in memory.
class MemoryDataset : public Dataset {
 public:
  MemoryDataset(std::vector<Sample> samples, int classes)
      : samples_(std::move(samples)), labels_(TestLabels(classes)) {}

  int64_t Size() const override { return static_cast<int64_t>(samples_.size()); }
  Sample Get(int64_t index) const override { return samples_.at(index); }
  std::string Name(int64_t index) const override { return samples_.at(index).name; }
  const LabelSet& Labels() const override { return labels_; }
  Task GetTask() const override {
    return samples_.front().truth.HasLabelMap() ? Task::kSegmentation : Task::kClassification;
  }

 private:
  std::vector<Sample> samples_;
  LabelSet labels_;
};

/// Another data set with something that happens before each read; reads count from 1.
class HookedDataset : public Dataset {
 public:
  using Hook = std::function<void(int64_t read, int64_t index)>;
  HookedDataset(std::shared_ptr<const Dataset> inner, Hook hook)
      : inner_(std::move(inner)), hook_(std::move(hook)) {}

  int64_t Size() const override { return inner_->Size(); }
  Sample Get(int64_t index) const override {
    hook_(++reads_, index);
    return inner_->Get(index);
  }
  std::string Name(int64_t index) const override { return inner_->Name(index); }
  const LabelSet& Labels() const override { return inner_->Labels(); }
  Task GetTask() const override { return inner_->GetTask(); }

 private:
  std::shared_ptr<const Dataset> inner_;
  Hook hook_;
  mutable std::atomic<int64_t> reads_{0};
};

}  // namespace seglab
