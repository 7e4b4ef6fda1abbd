#include "regions/region_crop.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace seglab {

CropOptions CropOptions::FromJson(const Json& json, const std::string& path) {
  CropOptions options;
  JsonReader reader(json, path);
  reader.Get("side", options.side);
  reader.Get("context", options.context);
  reader.Finish();
  options.Check(path);
  return options;
}

Json CropOptions::ToJson() const { return {{"side", side}, {"context", context}}; }

void CropOptions::Check(const std::string& where) const {
  if (context < 0 || context > 1024)
    throw Error(where, ".context: must be 0 to 1024 pixels, found ", context);
  if (side <= 2 * context || side > 4096) {
    throw Error(where, ".side: must be ", 2 * context + 1, " (twice the context and one) to 4096 ",
                "pixels, found ", side);
  }
}

void CropRegion(const cv::Mat& rgb, const RegionShape& region, const CropOptions& options,
                const std::array<uint8_t, 3>& fill, bool foreground, uint8_t* pixels,
                uint8_t* valid) {
  const int side = options.side, inner = side - 2 * options.context;
  // Pixel u of the window has its centre at from + step (u + 0.5) of the image.
  const double step_x = static_cast<double>(region.box.width) / inner;
  const double step_y = static_cast<double>(region.box.height) / inner;
  const double from_x = region.box.x - step_x * options.context;
  const double from_y = region.box.y - step_y * options.context;
  const cv::Matx23d to_image(step_x, 0, from_x + step_x / 2 - 0.5,  //
                             0, step_y, from_y + step_y / 2 - 0.5);
  cv::Mat window(side, side, CV_8UC3, pixels);
  cv::warpAffine(rgb, window, to_image, window.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_CONSTANT, cv::Scalar(fill[0], fill[1], fill[2]));

  std::vector<int> columns(side);
  for (int u = 0; u < side; ++u)
    columns[u] = static_cast<int>(std::floor(from_x + step_x * (u + 0.5)));
  for (int v = 0; v < side; ++v) {
    const int y = static_cast<int>(std::floor(from_y + step_y * (v + 0.5)));
    uint8_t* row = valid + static_cast<int64_t>(v) * side;
    if (y < 0 || y >= rgb.rows) {
      std::fill(row, row + side, uint8_t{0});
      continue;
    }
    const bool in_rows = y >= region.box.y && y < region.box.br().y;
    const uint8_t* mask = in_rows && !region.mask.empty()
                              ? region.mask.ptr<uint8_t>(y - region.box.y) - region.box.x
                              : nullptr;
    for (int u = 0; u < side; ++u) {
      const int x = columns[u];
      bool counts = x >= 0 && x < rgb.cols;
      if (counts && foreground) {
        counts = in_rows && x >= region.box.x && x < region.box.br().x &&
                 (mask == nullptr || mask[x] != 0);
      }
      row[u] = counts ? 1 : 0;
    }
  }
}

}  // namespace seglab
