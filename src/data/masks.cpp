#include "data/masks.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "data/png_codec.h"

namespace seglab {

cv::Mat ReadMask(const std::string& path) {
  const std::string bytes = ReadFile(path);
  if (bytes.empty()) throw Error(path, ": is empty, copy or make it again");
  if (!IsPng(bytes)) {
    throw Error(path,
                ": is no PNG file, but a mask holds class indices that only a PNG keeps: save "
                "it as 8-bit grey or palette PNG");
  }
  return DecodePngIndices(bytes, path);
}

void WriteMask(const std::string& path, const cv::Mat& mask, const LabelSet& labels) {
  if (mask.empty() || mask.type() != CV_8UC1) throw std::logic_error("WriteMask needs CV_8UC1");
  std::vector<Color> palette(256);
  for (int i = 0; i < 256; ++i) palette[i] = MaskColor(labels, i);
  WriteFileAtomically(path, std::string_view(EncodePngIndices(mask, palette, path)));
}

void CheckLabels(const cv::Mat& mask, int classes, const std::string& where) {
  const auto limit = static_cast<uint8_t>(std::min(classes, kIgnoreLabel));
  for (int y = 0; y < mask.rows; ++y) {
    const uint8_t* row = mask.ptr<uint8_t>(y);
    // Without a branch per pixel the compiler makes vector code of this.
    uint8_t wrong = 0;
    for (int x = 0; x < mask.cols; ++x) wrong |= (row[x] >= limit) & (row[x] != kIgnoreLabel);
    if (!wrong) continue;
    const uint8_t* end = row + mask.cols;
    const uint8_t* at =
        std::find_if(row, end, [limit](uint8_t v) { return v >= limit && v != kIgnoreLabel; });
    throw Error(where, ": label ", int{*at}, " at (", at - row, ", ", y,
                ") is out of range, the data set has ", classes, " classes (0 to ", classes - 1,
                ") and ", kIgnoreLabel, " for void; mend the mask or the list of classes");
  }
}

}  // namespace seglab
