#include "data/sets/coco_shapes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace seglab {
namespace {

/// Sets the pixels whose centers lie inside.
void FillPolygon(const std::vector<float>& corners, uint8_t value, cv::Mat& map) {
  const size_t count = corners.size() / 2;
  if (count < 3) return;
  float top = corners[1], bottom = corners[1];
  for (size_t i = 0; i < count; ++i) {
    top = std::min(top, corners[2 * i + 1]);
    bottom = std::max(bottom, corners[2 * i + 1]);
  }
  const int first = std::max(0, static_cast<int>(std::floor(top)));
  const int last = std::min(map.rows - 1, static_cast<int>(std::ceil(bottom)));
  std::vector<float> crossings;
  for (int y = first; y <= last; ++y) {
    const float center = static_cast<float>(y) + 0.5f;
    crossings.clear();
    for (size_t i = 0; i < count; ++i) {
      const size_t k = (i + 1) % count;
      const float y0 = corners[2 * i + 1], y1 = corners[2 * k + 1];
      if ((y0 <= center) == (y1 <= center)) continue;
      const float x0 = corners[2 * i], x1 = corners[2 * k];
      crossings.push_back(x0 + (center - y0) / (y1 - y0) * (x1 - x0));
    }
    std::sort(crossings.begin(), crossings.end());
    uint8_t* row = map.ptr<uint8_t>(y);
    for (size_t i = 0; i + 1 < crossings.size(); i += 2) {
      const auto column = [&map](float x) {
        return std::clamp(static_cast<int>(std::ceil(x - 0.5f)), 0, map.cols);
      };
      std::fill(row + column(crossings[i]), row + column(crossings[i + 1]), value);
    }
  }
}

}  // namespace

CocoShape CocoShapeOf(const Json& segmentation, const std::string& where) {
  CocoShape shape;
  if (segmentation.is_array()) {
    for (const Json& polygon : segmentation) {
      if (!polygon.is_array() || polygon.size() % 2 != 0)
        throw Error(where, ": a polygon must be a list x, y, x, y, ...");
      std::vector<float> corners;
      corners.reserve(polygon.size());
      for (const Json& number : polygon) {
        if (!number.is_number()) throw Error(where, ": a polygon must be a list of numbers");
        corners.push_back(number.get<float>());
      }
      shape.polygons.push_back(std::move(corners));
    }
    return shape;
  }
  const Json counts = segmentation.is_object() ? segmentation.value("counts", Json()) : Json();
  if (counts.is_string()) {
    shape.runs = CocoRuns(counts.get<std::string>(), where);
  } else if (counts.is_array()) {
    for (const Json& count : counts) {
      if (!count.is_number_unsigned()) throw Error(where, ": counts must be whole numbers");
      shape.runs.push_back(count.get<uint32_t>());
    }
  } else {
    throw Error(where, ": \"segmentation\" is neither a list of polygons nor run lengths");
  }
  return shape;
}

std::vector<uint32_t> CocoRuns(const std::string& text, const std::string& where) {
  std::vector<uint32_t> runs;
  size_t at = 0;
  while (at < text.size()) {
    int64_t value = 0;
    int shift = 0;
    for (bool more = true; more; shift += 5) {
      if (at == text.size() || shift > 30) throw Error(where, ": \"counts\" is cut off or broken");
      const int digit = text[at++] - 48;
      value |= static_cast<int64_t>(digit & 31) << shift;
      more = (digit & 32) != 0;
      if (!more && (digit & 16) != 0) value -= int64_t{1} << (shift + 5);  // a negative one
    }
    if (runs.size() > 2) value += runs[runs.size() - 2];
    runs.push_back(static_cast<uint32_t>(std::max<int64_t>(value, 0)));
  }
  return runs;
}

void DrawCocoShape(const CocoShape& shape, uint8_t value, cv::Mat& map) {
  // Each by itself: parts of one object that overlap are no holes.
  for (const std::vector<float>& corners : shape.polygons) FillPolygon(corners, value, map);
  const int64_t size = static_cast<int64_t>(map.total());
  int64_t at = 0;
  for (size_t i = 0; i < shape.runs.size(); ++i) {
    const int64_t end = std::min(size, at + shape.runs[i]);
    for (; i % 2 == 1 && at < end; ++at)
      map.at<uint8_t>(static_cast<int>(at % map.rows), static_cast<int>(at / map.rows)) = value;
    at = end;
  }
}

}  // namespace seglab
