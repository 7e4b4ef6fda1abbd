#include "metrics/rand_scores.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "metrics/connected_parts.h"

namespace seglab {
namespace {

constexpr uint8_t kNotCounted = 255;

/// How many pixels each of a map's parts has.
class PartSizes {
 public:
  void Add(int32_t part) {
    const auto index = static_cast<size_t>(part);
    if (index >= sizes_.size()) sizes_.resize(std::max(index + 1, 2 * sizes_.size()));
    ++sizes_[index];
  }
  int64_t Squares() const {
    int64_t sum = 0;
    for (const int64_t size : sizes_) sum += size * size;
    return sum;
  }

 private:
  std::vector<int64_t> sizes_;
};

/// @param objects, segments  of each pixel, from 1; 0: none
RandScore Compare(const std::vector<int32_t>& objects, const std::vector<int32_t>& segments) {
  PartSizes of_objects, of_segments;
  std::vector<std::pair<uint64_t, int64_t>>
      overlaps;  // of an object and a segment, pixels in a row
  int64_t alone = 0;
  for (size_t p = 0; p < objects.size(); ++p) {
    if (objects[p] == 0) continue;
    of_objects.Add(objects[p]);
    if (segments[p] == 0) {
      ++alone;
      continue;
    }
    of_segments.Add(segments[p]);
    const uint64_t both =
        static_cast<uint64_t>(objects[p]) << 32 | static_cast<uint32_t>(segments[p]);
    if (overlaps.empty() || overlaps.back().first != both) overlaps.emplace_back(both, 0);
    ++overlaps.back().second;
  }
  std::sort(overlaps.begin(), overlaps.end());
  int64_t in_both = alone;  // a pixel alone is a pair with itself
  for (size_t first = 0, end = 0; first < overlaps.size(); first = end) {
    int64_t pixels = 0;
    for (; end < overlaps.size() && overlaps[end].first == overlaps[first].first; ++end)
      pixels += overlaps[end].second;
    in_both += pixels * pixels;
  }
  const auto pairs = static_cast<double>(in_both);
  const auto in_object = static_cast<double>(of_objects.Squares());
  const auto in_segment = static_cast<double>(of_segments.Squares() + alone);
  return {1 - pairs / ((in_object + in_segment) / 2), pairs / in_object, pairs / in_segment};
}

void AddTo(RandScore& sum, const RandScore& score) {
  sum.error += score.error;
  sum.split += score.split;
  sum.merge += score.merge;
}

double Divided(double sum, int64_t images) {
  return images == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(images);
}

RandScore Divided(const RandScore& sum, int64_t images) {
  return {Divided(sum.error, images), Divided(sum.split, images), Divided(sum.merge, images)};
}

}  // namespace

void RandScores::Add(const uint8_t* truth, const uint8_t* labels, int64_t height, int64_t width) {
  const auto count = static_cast<size_t>(height * width);
  std::vector<uint8_t> in_objects(count), in_segments(count), known(count);
  int64_t pixels = 0, wrong = 0, in_any = 0;
  for (size_t p = 0; p < count; ++p) {
    if (truth[p] == kNotCounted) continue;
    known[p] = 1;
    ++pixels;
    wrong += labels[p] != truth[p] ? 1 : 0;
    in_objects[p] = truth[p] == object_class_ ? 1 : 0;
    in_segments[p] = labels[p] == object_class_ ? 1 : 0;
    in_any += in_objects[p];
  }
  if (pixels == 0) return;
  pixel_error_ += static_cast<double>(wrong) / static_cast<double>(pixels);
  ++known_images_;
  if (in_any == 0) return;
  const std::vector<int32_t> objects = ConnectedParts(in_objects, height, width);
  std::vector<int32_t> segments = ConnectedParts(in_segments, height, width);
  AddTo(sum_, Compare(objects, segments));
  GrowParts(segments, known, height, width);
  AddTo(thin_sum_, Compare(objects, segments));
  ++images_;
}

double RandScores::PixelError() const { return Divided(pixel_error_, known_images_); }

RandScore RandScores::Mean() const { return Divided(sum_, images_); }

RandScore RandScores::MeanThin() const { return Divided(thin_sum_, images_); }

}  // namespace seglab
