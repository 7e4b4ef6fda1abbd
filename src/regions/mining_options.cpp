#include "regions/mining_options.h"

#include <cmath>

#include "base/error.h"

namespace seglab {

namespace {

void CheckOverlap(const std::string& where, const char* name, double overlap) {
  if (overlap >= 0 && overlap <= 1) return;
  throw Error(where, ".", name, ": is ", overlap, ", must be 0 to 1");
}

void CheckCount(const std::string& where, const char* name, int64_t count, int64_t least) {
  if (count >= least) return;
  throw Error(where, ".", name, ": is ", count, ", must be ", least, " or more");
}

}  // namespace

MiningOptions MiningOptions::FromJson(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  MiningOptions options;
  Json part;
  if (reader.Get("svm", part)) options.svm = SvmOptions::FromJson(part, reader.Path("svm"));
  if (reader.Get("scale", part)) options.scale = ScaleOptions::FromJson(part, reader.Path("scale"));
  reader.Get("negative_overlap", options.negative_overlap);
  reader.Get("positive_overlap", options.positive_overlap);
  reader.Get("add_above", options.add_above);
  reader.Get("evict_below", options.evict_below);
  reader.Get("retrain_after", options.retrain_after);
  reader.Get("passes", options.passes);
  reader.Get("max_negatives", options.max_negatives);
  reader.Finish();
  options.Check(path);
  return options;
}

Json MiningOptions::ToJson() const {
  return {{"svm", svm.ToJson()},
          {"scale", scale.ToJson()},
          {"negative_overlap", negative_overlap},
          {"positive_overlap", positive_overlap},
          {"add_above", add_above},
          {"evict_below", evict_below},
          {"retrain_after", retrain_after},
          {"passes", passes},
          {"max_negatives", max_negatives}};
}

void MiningOptions::Check(const std::string& where) const {
  svm.Check(where + ".svm");
  scale.Check(where + ".scale");
  CheckOverlap(where, "negative_overlap", negative_overlap);
  CheckOverlap(where, "positive_overlap", positive_overlap);
  if (positive_overlap > 0 && positive_overlap < negative_overlap) {
    throw Error(where, ".positive_overlap: is ", positive_overlap, ", below negative_overlap, ",
                negative_overlap, "; regions between them would be both: raise the first");
  }
  if (!std::isfinite(add_above) || !std::isfinite(evict_below) || evict_below > add_above) {
    throw Error(where, ".evict_below: is ", evict_below, ", must be at most add_above, which is ",
                add_above, ", or negatives are added and evicted without end");
  }
  CheckCount(where, "retrain_after", retrain_after, 1);
  CheckCount(where, "passes", passes, 1);
  CheckCount(where, "max_negatives", max_negatives, 0);
}

}  // namespace seglab
