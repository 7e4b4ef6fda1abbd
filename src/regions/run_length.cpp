#include "regions/run_length.h"

namespace seglab {

std::vector<int64_t> RunLengths(const cv::Mat& mask, const cv::Rect& box, int height, int width) {
  std::vector<int64_t> runs;
  bool inside = false;
  int64_t start = 0;  // of the run that goes on, in the order of pixels
  for (int x = 0; x < box.width; ++x) {
    const int64_t column = static_cast<int64_t>(box.x + x) * height;
    const auto change = [&](bool to, int64_t at) {
      if (to == inside) return;
      runs.push_back(at - start);
      start = at;
      inside = to;
    };
    if (box.y > 0) change(false, column);
    for (int y = 0; y < box.height; ++y) {
      change(mask.at<uint8_t>(y, x) != 0, column + box.y + y);
    }
    if (box.y + box.height < height) change(false, column + box.y + box.height);
  }
  const int64_t end = static_cast<int64_t>(box.x + box.width) * height;
  const int64_t all = static_cast<int64_t>(width) * height;
  if (inside && end < all) {
    runs.push_back(end - start);
    start = end;
  }
  if (start < all) runs.push_back(all - start);
  return runs;
}

}  // namespace seglab
