#include "regions/paste_options.h"

#include <cmath>

#include "base/error.h"
#include "regions/svm_options.h"

namespace seglab {

namespace {

void CheckThreshold(const std::string& where, const char* name, double threshold) {
  if (std::abs(threshold) <= kLargestThreshold) return;
  throw Error(where, ".", name, ": is ", threshold, ", must be ", -kLargestThreshold, " to ",
              kLargestThreshold);
}

}  // namespace

PasteOptions PasteOptions::FromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  PasteOptions options;
  reader.Get("threshold", options.threshold);
  reader.Get("max_segments", options.max_segments);
  reader.Get("top_regions", options.top_regions);
  reader.Get("nms_overlap", options.nms_overlap);
  reader.Get("simplicity_bias", options.simplicity_bias);
  reader.Get("margin", options.margin);
  reader.Finish();
  options.Check(path);
  return options;
}

Json PasteOptions::ToJson() const {
  return {{"threshold", threshold},
          {"max_segments", max_segments},
          {"top_regions", top_regions},
          {"nms_overlap", nms_overlap},
          {"simplicity_bias", simplicity_bias},
          {"margin", margin}};
}

void PasteOptions::Check(const std::string& where) const {
  CheckThreshold(where, "threshold", threshold);
  if (max_segments < 1) {
    throw Error(where, ".max_segments: is ", max_segments, ", must be 1 or more");
  }
  if (top_regions < 0) {
    throw Error(where, ".top_regions: is ", top_regions, ", must be 1 or more, or 0 for all");
  }
  if (!(nms_overlap >= 0 && nms_overlap <= 1)) {
    throw Error(where, ".nms_overlap: is ", nms_overlap, ", must be 0 to 1");
  }
  CheckNotNegative(where, "simplicity_bias", simplicity_bias);
  CheckAboveZero(where, "margin", margin);
}

ThresholdOptions ThresholdOptions::FromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  ThresholdOptions options;
  std::string goal;
  if (reader.GetChoice("goal", goal, {"segments", "mean_iou"})) {
    options.goal = goal == "segments" ? Goal::kSegments : Goal::kMeanIou;
  }
  reader.Get("first", options.first);
  reader.Get("step", options.step);
  reader.Get("last", options.last);
  reader.Get("max_average", options.max_average);
  reader.Finish();
  options.Check(path);
  return options;
}

Json ThresholdOptions::ToJson() const {
  return {{"goal", goal == Goal::kSegments ? "segments" : "mean_iou"},
          {"first", first},
          {"step", step},
          {"last", last},
          {"max_average", max_average}};
}

void ThresholdOptions::Check(const std::string& where) const {
  CheckThreshold(where, "first", first);
  CheckThreshold(where, "last", last);
  CheckAboveZero(where, "step", step);
  CheckNotNegative(where, "max_average", max_average);
  if (last < first) {
    throw Error(where, ".last: is ", last, ", below the first threshold, ", first);
  }
  if ((last - first) / step > 10000) {
    throw Error(where, ".step: is ", step, ", which makes more than 10000 thresholds from ", first,
                " to ", last, "; raise it");
  }
}

}  // namespace seglab
