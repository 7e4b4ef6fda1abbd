#include "regions/threshold_search.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <span>
#include <stdexcept>

#include "base/error.h"

namespace seglab {

namespace {

constexpr int kVoid = 255;

}  // namespace

ThresholdSearch::ThresholdSearch(int classes, const PasteOptions& paste,
                                 const ThresholdOptions& options)
    : labels_(classes + 1), paste_(paste), options_(options) {
  options_.Check();
  paste_.threshold = options_.first;
  paste_.Check();
  if (options_.goal == ThresholdOptions::Goal::kMeanIou) {
    const auto steps = static_cast<size_t>((options_.last - options_.first) / options_.step + 1e-6);
    confusions_.assign(steps + 1, Confusion(static_cast<size_t>(labels_ * labels_)));
  }
}

void ThresholdSearch::Add(RegionScores scores, const RegionSet& set, const cv::Mat& truth) {
  if (scores.classes + 1 != labels_) {
    throw std::logic_error("ThresholdSearch: scores of another number of classes");
  }
  SuppressScores(scores, set, paste_);
  const std::vector<Segment> segments = ChooseSegments(scores, paste_);
  std::vector<float>& best = scores_.emplace_back();
  for (const Segment& segment : segments) best.push_back(segment.score);
  if (confusions_.empty()) return;

  // Higher thresholds have fewer segments, down to none.
  size_t count = segments.size();
  Confusion confusion = Compare(PasteLabels(segments, set), truth);
  for (size_t i = 0; i < confusions_.size(); ++i) {
    const size_t now = CountSegments(best, PasteAt(static_cast<int64_t>(i)));
    if (now != count) {
      count = now;
      confusion = Compare(PasteLabels(std::span(segments).first(count), set), truth);
    }
    std::transform(confusion.begin(), confusion.end(), confusions_[i].begin(),
                   confusions_[i].begin(), std::plus<>());
  }
}

ThresholdChoice ThresholdSearch::Choose() const {
  if (scores_.empty()) throw std::logic_error("ThresholdSearch: no image was added");
  int64_t best = 0;
  double mean_iou = std::numeric_limits<double>::quiet_NaN();
  if (confusions_.empty()) {
    best = FirstWithFewSegments();
  } else {
    for (size_t i = 0; i < confusions_.size(); ++i) {
      const double value = MeanIou(confusions_[i]);
      if (value <= mean_iou) continue;  // the first one is better than NaN
      best = static_cast<int64_t>(i);
      mean_iou = value;
    }
  }
  return {PasteAt(best).threshold, MeanSegments(best), mean_iou};
}

int64_t ThresholdSearch::FirstWithFewSegments() const {
  // There are ever fewer: the place is found by halving.
  int64_t first = 0;
  auto last = static_cast<int64_t>((kLargestThreshold - options_.first) / options_.step);
  if (MeanSegments(last) > options_.max_average) {
    throw Error("ThresholdSearch: images have ", MeanSegments(last), " segments in the mean that ",
                "score more than ", PasteAt(last).threshold, ", must be at most ",
                options_.max_average, "; train the classifiers anew, or raise max_average");
  }
  while (first < last) {
    const int64_t middle = first + (last - first) / 2;
    if (MeanSegments(middle) > options_.max_average) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

PasteOptions ThresholdSearch::PasteAt(int64_t index) const {
  PasteOptions options = paste_;
  options.threshold += static_cast<double>(index) * options_.step;
  return options;
}

double ThresholdSearch::MeanSegments(int64_t index) const {
  const PasteOptions options = PasteAt(index);
  size_t sum = 0;
  for (const std::vector<float>& scores : scores_) sum += CountSegments(scores, options);
  return static_cast<double>(sum) / static_cast<double>(scores_.size());
}

ThresholdSearch::Confusion ThresholdSearch::Compare(const cv::Mat& labels,
                                                    const cv::Mat& truth) const {
  if (truth.type() != CV_8UC1 || truth.size() != labels.size()) {
    throw Error("ThresholdSearch: the truth is ", truth.cols, "x", truth.rows, ", type ",
                truth.type(), ", the image ", labels.cols, "x", labels.rows,
                "; give its labels, CV_8UC1");
  }
  Confusion confusion(static_cast<size_t>(labels_ * labels_));
  for (int y = 0; y < labels.rows; ++y) {
    const auto* predicted = labels.ptr<int>(y);
    const auto* wanted = truth.ptr<uint8_t>(y);
    for (int x = 0; x < labels.cols; ++x) {
      if (wanted[x] == kVoid) continue;
      if (wanted[x] >= labels_) {
        throw Error("ThresholdSearch: the truth has label ", int{wanted[x]}, ", there are ",
                    labels_, " labels from 0, and 255; check the data set's classes");
      }
      ++confusion[static_cast<size_t>(wanted[x] * labels_ + predicted[x])];
    }
  }
  return confusion;
}

double ThresholdSearch::MeanIou(const Confusion& confusion) const {
  double sum = 0;
  int64_t present = 0;
  const auto at = [&](int64_t truth, int64_t label) {
    return confusion[static_cast<size_t>(truth * labels_ + label)];
  };
  for (int64_t l = 0; l < labels_; ++l) {
    int64_t either = -at(l, l);
    for (int64_t other = 0; other < labels_; ++other) either += at(l, other) + at(other, l);
    if (either == 0) continue;
    sum += static_cast<double>(at(l, l)) / static_cast<double>(either);
    ++present;
  }
  return present == 0 ? 0 : sum / static_cast<double>(present);
}

}  // namespace seglab
