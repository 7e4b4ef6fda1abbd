#include "data/objects.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace seglab {
namespace {

constexpr int kVoid = kIgnoreLabel;

}  // namespace

cv::Rect BoxOf(const ObjectMap& map, int id) { return cv::boundingRect(map.ids == id); }

ObjectMap DrawnObjects(const cv::Mat& ids, const cv::Mat& truth, const std::string& where) {
  if (ids.size() != truth.size()) {
    throw Error(where, ": the objects are of ", ids.rows, " x ", ids.cols,
                " pixels (rows x columns), the classes of ", truth.rows, " x ", truth.cols);
  }
  ObjectMap map;
  ids.convertTo(map.ids, CV_16U);
  std::map<int, std::array<int64_t, 256>> votes;
  for (int y = 0; y < truth.rows; ++y) {
    const uint16_t* id = map.ids.ptr<uint16_t>(y);
    const uint8_t* label = truth.ptr<uint8_t>(y);
    for (int x = 0; x < truth.cols; ++x) {
      if (id[x] != 0 && id[x] != kVoid) ++votes[id[x]][label[x]];
    }
  }
  for (const auto& [id, count] : votes) {
    const auto best = std::max_element(count.begin() + 1, count.begin() + kVoid);
    if (*best == 0) continue;
    map.objects.push_back(id);
    map.classes.push_back(static_cast<int>(best - count.begin()));
  }
  return map;
}

ObjectMap ConnectedObjects(const cv::Mat& truth) {
  ObjectMap map;
  map.ids = cv::Mat::zeros(truth.size(), CV_16U);
  map.ids.setTo(kVoid, truth == kVoid);
  std::array<bool, 256> occurs{};
  for (int y = 0; y < truth.rows; ++y) {
    const uint8_t* label = truth.ptr<uint8_t>(y);
    for (int x = 0; x < truth.cols; ++x) occurs[label[x]] = true;
  }
  int next = 1;
  for (int label = 1; label < kVoid; ++label) {
    if (!occurs[label]) continue;
    cv::Mat pieces;
    const int count = cv::connectedComponents(truth == label, pieces, 8, CV_32S);
    std::vector<uint16_t> id_of(count, 0);
    for (int piece = 1; piece < count && next <= UINT16_MAX; ++piece, ++next) {
      if (next == kVoid) ++next;
      id_of[piece] = static_cast<uint16_t>(next);
      map.objects.push_back(next);
      map.classes.push_back(label);
    }
    for (int y = 0; y < truth.rows; ++y) {
      const int* piece = pieces.ptr<int>(y);
      uint16_t* id = map.ids.ptr<uint16_t>(y);
      for (int x = 0; x < truth.cols; ++x) {
        if (piece[x] != 0) id[x] = id_of[piece[x]];
      }
    }
  }
  return map;
}

ObjectMap ObjectsOf(const Dataset& dataset, int64_t index, const cv::Mat& truth) {
  const cv::Mat ids = dataset.Objects(index);
  return ids.empty() ? ConnectedObjects(truth) : DrawnObjects(ids, truth, dataset.Name(index));
}

}  // namespace seglab
