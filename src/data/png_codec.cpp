#include "data/png_codec.h"

#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "base/error.h"

namespace seglab {
namespace {

// The same bounds as OpenCV's reader: what is larger is a broken or hostile header, not a picture.
constexpr png_uint_32 kMaxSide = 1u << 20;
constexpr uint64_t kMaxPixels = 1ull << 30;

// Deflate never expands by more than this (RFC 1951: 258 bytes from 2 bits).
constexpr uint64_t kMaxExpansion = 1032;

/// What libpng's reader and writer share: errors leave libpng by longjmp into Guarded, which
/// throws. Between the two stand only frames of libpng and of steps without destructors, so nothing
/// leaks.
class PngSession {
 public:
  PngSession(const PngSession&) = delete;
  PngSession& operator=(const PngSession&) = delete;

 protected:
  using Destroy = void (*)(png_structpp, png_infopp);

  /// @param failure  what an error of libpng means for the file, for the message
  PngSession(const std::string& where, const char* failure, Destroy destroy)
      : where_(where), failure_(failure), destroy_(destroy) {}
  ~PngSession() { destroy_(&png_, &info_); }

  template <typename Step>
  void Guarded(const Step& step) {
    if (setjmp(png_jmpbuf(png_)) != 0) Fail();
    step();
  }

  [[noreturn]] void Fail() const { throw Error(where_, ": ", failure_, " (", message_, ")"); }

  [[noreturn]] static void OnError(png_structp png, png_const_charp message) {
    auto* session = static_cast<PngSession*>(png_get_error_ptr(png));
    std::snprintf(session->message_, sizeof session->message_, "%s", message);
    png_longjmp(png, 1);
  }
  static void OnWarning(png_structp, png_const_charp) {}

  const std::string where_;
  const char* const failure_;
  const Destroy destroy_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  char message_[160] = "out of memory";
};

class PngReader : private PngSession {
 public:
  PngReader(std::string_view bytes, const std::string& where)
      : PngSession(
            where, "is a broken or truncated PNG file; copy or make it again",
            [](png_structpp png, png_infopp info) { png_destroy_read_struct(png, info, nullptr); }),
        bytes_(bytes) {
    if (!IsPng(bytes)) throw Error(where_, ": is no PNG file");
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, static_cast<PngSession*>(this), OnError,
                                  OnWarning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) Fail();
    ReadHeader();
  }

  /// "an RGB image", "a 16-bit grey image", ...
  std::string Kind() const {
    const std::string depth = StrCat(depth_ == 8 ? "an " : "a ", depth_, "-bit ");
    switch (color_type_) {
      case PNG_COLOR_TYPE_GRAY:
        return depth + "grey image";
      case PNG_COLOR_TYPE_PALETTE:
        return depth + "palette image";
      case PNG_COLOR_TYPE_GRAY_ALPHA:
        return depth + "grey image with transparency";
      case PNG_COLOR_TYPE_RGB:
        return depth_ == 16 ? "a 16-bit RGB image" : "an RGB image";
      default:
        return depth_ == 16 ? "a 16-bit RGBA image" : "an RGBA image";
    }
  }

  cv::Mat Indices() {
    const bool one_channel =
        color_type_ == PNG_COLOR_TYPE_GRAY || color_type_ == PNG_COLOR_TYPE_PALETTE;
    if (!one_channel || depth_ > 8) {
      throw Error(where_, ": is ", Kind(),
                  ", but a mask holds class indices: save it as 8-bit grey or palette PNG");
    }
    Guarded([this] { png_set_packing(png_); });
    return Pixels(CV_8UC1);
  }

  PngMask Mask() {
    PngMask mask;
    mask.kind = Kind();
    const int channels = png_get_channels(png_, info_);
    if (depth_ == 16 && channels > 1) {
      throw Error(where_, ": is ", mask.kind,
                  ", but a mask holds class indices: save it as 8-bit grey or palette PNG");
    }
    if (color_type_ == PNG_COLOR_TYPE_PALETTE) mask.palette = Palette();
    Guarded([this] {
      png_set_packing(png_);
      if (depth_ == 16) png_set_swap(png_);  // PNG is big-endian
    });
    mask.pixels = Pixels(depth_ == 16 ? CV_16UC1 : CV_8UC(channels));
    return mask;
  }

  cv::Mat Rgb() {
    Guarded([this] {
      png_set_strip_16(png_);
      png_set_strip_alpha(png_);
      png_set_expand(png_);
      if ((color_type_ & PNG_COLOR_MASK_COLOR) == 0) png_set_gray_to_rgb(png_);
    });
    return Pixels(CV_8UC3);
  }

 private:
  std::vector<Color> Palette() {
    png_colorp colors = nullptr;
    int count = 0;
    png_get_PLTE(png_, info_, &colors, &count);
    std::vector<Color> palette;
    for (int i = 0; i < count; ++i)
      palette.push_back({colors[i].red, colors[i].green, colors[i].blue});
    return palette;
  }

  static void Read(png_structp png, png_bytep out, size_t count) {
    auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > reader->bytes_.size()) png_error(png, "the file ends too early");
    std::memcpy(out, reader->bytes_.data(), count);
    reader->bytes_.remove_prefix(count);
  }

  void ReadHeader() {
    const uint64_t file_bytes = bytes_.size();
    Guarded([this] {
      png_set_user_limits(png_, kMaxSide, kMaxSide);
      png_set_read_fn(png_, this, Read);
      png_read_info(png_, info_);
      png_get_IHDR(png_, info_, &width_, &height_, &depth_, &color_type_, nullptr, nullptr,
                   nullptr);
    });
    const uint64_t pixels = uint64_t{width_} * height_;
    const uint64_t packed_bytes = pixels * depth_ * png_get_channels(png_, info_) / 8;
    if (pixels > kMaxPixels) {
      throw Error(where_, ": claims ", width_, "x", height_,
                  " pixels, more than 2^30; is it broken?");
    }
    // Checked before memory is taken for a picture that the file cannot hold.
    if (packed_bytes > file_bytes * kMaxExpansion) {
      throw Error(where_, ": is a truncated PNG file, ", file_bytes, " bytes cannot hold ", width_,
                  "x", height_, " pixels; copy or make it again");
    }
  }

  cv::Mat Pixels(int type) {
    Guarded([this] {
      passes_ = png_set_interlace_handling(png_);
      png_read_update_info(png_, info_);
    });
    cv::Mat pixels(static_cast<int>(height_), static_cast<int>(width_), type);
    if (png_get_rowbytes(png_, info_) != width_ * pixels.elemSize()) {
      throw std::logic_error("PNG rows do not have the size that was asked of libpng");
    }
    uint8_t* first_row = pixels.data;
    const size_t step = pixels.step;
    Guarded([this, first_row, step] {
      for (int pass = 0; pass < passes_; ++pass) {
        for (png_uint_32 y = 0; y < height_; ++y) png_read_row(png_, first_row + y * step, nullptr);
      }
      png_read_end(png_, nullptr);
    });
    return pixels;
  }

  std::string_view bytes_;  // what libpng has not read yet
  png_uint_32 width_ = 0;
  png_uint_32 height_ = 0;
  int depth_ = 0;
  int color_type_ = 0;
  int passes_ = 1;
};

class PngWriter : private PngSession {
 public:
  explicit PngWriter(const std::string& where)
      : PngSession(where, "cannot be made as a PNG file", png_destroy_write_struct) {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, static_cast<PngSession*>(this), OnError,
                                   OnWarning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) Fail();
  }

  std::string Indices(const cv::Mat& indices, const std::vector<Color>& palette) {
    std::vector<png_color> colors(palette.size());
    for (size_t i = 0; i < palette.size(); ++i) {
      colors[i] = {palette[i][0], palette[i][1], palette[i][2]};
    }
    const png_color* first_color = colors.data();
    const int color_count = static_cast<int>(colors.size());
    const int height = indices.rows;
    const int width = indices.cols;
    const uint8_t* first_row = indices.data;
    const size_t step = indices.step;
    Guarded([=, this] {
      png_set_write_fn(png_, this, Write, Flush);
      png_set_IHDR(png_, info_, width, height, 8, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE,
                   PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
      png_set_PLTE(png_, info_, first_color, color_count);
      png_write_info(png_, info_);
      for (int y = 0; y < height; ++y) png_write_row(png_, first_row + y * step);
      png_write_end(png_, nullptr);
    });
    return std::move(bytes_);
  }

 private:
  static void Write(png_structp png, png_bytep data, size_t count) {
    auto* writer = static_cast<PngWriter*>(png_get_io_ptr(png));
    bool stored = true;
    try {
      writer->bytes_.append(reinterpret_cast<const char*>(data), count);
    } catch (const std::exception&) {
      stored = false;  // no exception may pass through libpng's frames
    }
    if (!stored) png_error(png, "out of memory");
  }
  static void Flush(png_structp) {}

  std::string bytes_;
};

}  // namespace

bool IsPng(std::string_view bytes) {
  return bytes.substr(0, 8) == std::string_view("\x89PNG\r\n\x1a\n", 8);
}

cv::Mat DecodePngIndices(std::string_view bytes, const std::string& where) {
  return PngReader(bytes, where).Indices();
}

PngMask DecodePngMask(std::string_view bytes, const std::string& where) {
  return PngReader(bytes, where).Mask();
}

cv::Mat DecodePngRgb(std::string_view bytes, const std::string& where) {
  return PngReader(bytes, where).Rgb();
}

std::string EncodePngIndices(const cv::Mat& indices, const std::vector<Color>& palette,
                             const std::string& where) {
  return PngWriter(where).Indices(indices, palette);
}

}  // namespace seglab
