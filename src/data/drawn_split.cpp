#include "data/drawn_split.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/random.h"

namespace seglab {
namespace {

/// Some samples of another data set.
class ChosenSamples : public Dataset {
 public:
  ChosenSamples(std::shared_ptr<const Dataset> all, std::vector<int64_t> chosen)
      : all_(std::move(all)), chosen_(std::move(chosen)) {}

  int64_t Size() const override { return static_cast<int64_t>(chosen_.size()); }
  Sample Get(int64_t index) const override { return all_->Get(chosen_.at(index)); }
  std::string Name(int64_t index) const override { return all_->Name(chosen_.at(index)); }
  const LabelSet& Labels() const override { return all_->Labels(); }
  cv::Mat Objects(int64_t index) const override { return all_->Objects(chosen_.at(index)); }
  Task GetTask() const override { return all_->GetTask(); }
  std::vector<std::string> Files(int64_t index) const override {
    return all_->Files(chosen_.at(index));
  }
  Json Settings() const override {
    Json settings = all_->Settings();
    // Samples made on the fly are told by settings alone.
    if (all_->Size() > 0 && all_->Files(0).empty()) settings["chosen"] = chosen_;
    return settings;
  }

 private:
  std::shared_ptr<const Dataset> all_;
  std::vector<int64_t> chosen_;
};

}  // namespace

DrawnSplit DrawnSplit::FromJson(const Json& json, const std::string& path) {
  DrawnSplit split;
  JsonReader reader(json, path);
  reader.Get("fraction", split.fraction, 0.0, 1.0);
  if (split.fraction <= 0 || split.fraction >= 1) {
    throw Error(reader.Path("fraction"), ": must lie between 0 and 1, found ", split.fraction,
                "; it is the part of the samples to train on");
  }
  reader.Get("seed", split.seed);
  reader.GetChoice("part", split.part, {"train", "val"});
  reader.Get("of", split.of);
  reader.Finish();
  return split;
}

std::shared_ptr<const Dataset> DrawPart(std::shared_ptr<const Dataset> dataset,
                                        const DrawnSplit& split, const std::string& path) {
  const int64_t size = dataset->Size();
  if (size < 2) throw Error(path, ": a split needs at least two samples, there is ", size);
  const int64_t train =
      std::clamp<int64_t>(std::llround(split.fraction * static_cast<double>(size)), 1, size - 1);
  std::vector<int64_t> order = RandomOrder(size, split.seed, 0);
  if (split.part == "train") {
    order.resize(train);
  } else {
    order.erase(order.begin(), order.begin() + train);
  }
  std::sort(order.begin(), order.end());
  return std::make_shared<ChosenSamples>(std::move(dataset), std::move(order));
}

std::shared_ptr<const Dataset> FirstSamples(std::shared_ptr<const Dataset> dataset, int64_t limit) {
  if (limit <= 0 || limit >= dataset->Size()) return dataset;
  std::vector<int64_t> first(limit);
  std::iota(first.begin(), first.end(), int64_t{0});
  return std::make_shared<ChosenSamples>(std::move(dataset), std::move(first));
}

}  // namespace seglab
