#pragma once

#include <gtest/gtest.h>
#include <png.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <opencv2/core/mat.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/test_error.h"

// Helpers of this room's tests.
namespace seglab {

/// The path of something in the folder of real data beside the sources, which need not be there.
inline std::string SharedPath(const std::string& name) {
  const char* folder = std::getenv("SEGLAB_SHARED");
  return std::string(folder != nullptr ? folder : "../shared") + "/" + name;
}

inline void WriteBytes(const std::string& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(out.flush()) << path;
}

/// A PNG of any kind, its rows given packed, as they stand in the file.
struct RawPng {
  int width = 0;
  int height = 0;
  int depth = 8;
  int color_type = PNG_COLOR_TYPE_GRAY;
  std::vector<uint8_t> packed;     // row after row, each filled up to whole bytes
  std::vector<png_color> palette;  // for palette images
  bool transparent = false;        // adds a tRNS chunk: index 0, or value 0
  bool interlaced = false;

  std::string Bytes() const {
    std::string bytes;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(
        png, &bytes,
        [](png_structp p, png_bytep data, size_t count) {
          static_cast<std::string*>(png_get_io_ptr(p))
              ->append(reinterpret_cast<const char*>(data), count);
        },
        [](png_structp) {});
    png_set_IHDR(png, info, width, height, depth, color_type,
                 interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (!palette.empty()) {
      png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
    }
    const png_byte clear = 0;
    const png_color_16 clear_color = {};
    if (transparent) png_set_tRNS(png, info, &clear, 1, &clear_color);
    const size_t row_bytes = packed.size() / height;
    std::vector<png_bytep> rows;
    for (int y = 0; y < height; ++y) {
      rows.push_back(const_cast<png_bytep>(packed.data()) + y * row_bytes);
    }
    png_write_info(png, info);
    png_write_image(png, rows.data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return bytes;
  }
};

/// Packs values of `depth` bits, the first one in the highest bits, each row up to whole bytes.
inline std::vector<uint8_t> Pack(const cv::Mat& values, int depth) {
  std::vector<uint8_t> packed;
  for (int y = 0; y < values.rows; ++y) {
    int bit = 0;
    for (int x = 0; x < values.cols; ++x, bit += depth) {
      if (bit % 8 == 0) packed.push_back(0);
      packed.back() |= static_cast<uint8_t>(values.at<uint8_t>(y, x) << (8 - depth - bit % 8));
    }
  }
  return packed;
}

/// A mask whose pixel (x, y) is (5 x + 3 y) mod `count`: every value, nothing symmetric.
inline cv::Mat PatternMask(int height, int width, int count) {
  cv::Mat mask(height, width, CV_8UC1);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      mask.at<uint8_t>(y, x) = static_cast<uint8_t>((5 * x + 3 * y) % count);
    }
  }
  return mask;
}

/// A smooth picture with three different channels, which JPEG keeps well.
inline cv::Mat PatternImage(int height, int width) {
  cv::Mat image(height, width, CV_8UC3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      image.at<cv::Vec3b>(y, x) = cv::Vec3b(static_cast<uint8_t>(255 * x / width),
                                            static_cast<uint8_t>(255 * y / height), 40);
    }
  }
  return image;
}

inline bool SamePixels(const cv::Mat& a, const cv::Mat& b) {
  if (a.size() != b.size() || a.type() != b.type()) return false;
  for (int y = 0; y < a.rows; ++y) {
    const uint8_t* row = a.ptr<uint8_t>(y);
    if (!std::equal(row, row + a.cols * a.elemSize(), b.ptr<uint8_t>(y))) return false;
  }
  return true;
}

}  // namespace seglab
