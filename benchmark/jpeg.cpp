// What libjpeg saves where only a part of an image, or a smaller one, is asked for: a part of
// parts_benchmark. The entropy code of all that stands before must be read in any case.

#include <benchmark/benchmark.h>

#include <cstdio>
// Behind <cstdio>, which it does not include.
#include <jpeglib.h>

#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "data/encode.h"

namespace seglab {
namespace {

/// About as many bytes as a photograph of this size: 375 x 500.
std::string Photograph() {
  cv::theRNG().state = 1;
  cv::Mat coarse(47, 63, CV_8UC3), fine(375, 500, CV_8UC3), image;
  cv::randu(coarse, 0, 256);
  cv::randu(fine, 0, 256);
  cv::resize(coarse, image, fine.size(), 0, 0, cv::INTER_CUBIC);
  cv::GaussianBlur(fine, fine, {}, 1);
  cv::addWeighted(image, 0.8, fine, 0.2, 0, image);
  return EncodeJpeg(image, 90);
}

/// @param side   of the window in the middle; 0: all
/// @param scale  a half, a quarter, an eighth of the sides: 2, 4, 8
void DecodeJpeg(benchmark::State& state, JDIMENSION side, unsigned scale) {
  const std::string bytes = Photograph();
  std::vector<JSAMPLE> row(3 * 512);
  for (auto _ : state) {
    jpeg_decompress_struct info;
    jpeg_error_mgr errors;
    info.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&info, TRUE);
    info.scale_num = 1;
    info.scale_denom = scale;
    jpeg_start_decompress(&info);
    JDIMENSION rows = info.output_height;
    if (side > 0) {
      JDIMENSION left = (info.output_width - side) / 2, width = side;
      jpeg_crop_scanline(&info, &left, &width);
      jpeg_skip_scanlines(&info, (info.output_height - side) / 2);
      rows = side;
    }
    JSAMPROW place = row.data();
    for (JDIMENSION i = 0; i < rows; ++i) jpeg_read_scanlines(&info, &place, 1);
    jpeg_abort_decompress(&info);
    jpeg_destroy_decompress(&info);
  }
  state.SetLabel(std::to_string(bytes.size()) + " bytes");
}

BENCHMARK_CAPTURE(DecodeJpeg, whole, 0, 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(DecodeJpeg, window of 321, 321, 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(DecodeJpeg, half, 0, 2)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace seglab
