#include "data/jpeg_codec.h"

#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <vector>
// libjpeg's headers need the two before them.
#include <jerror.h>
#include <jpeglib.h>

#include "base/error.h"

namespace seglab {
namespace {

constexpr uint64_t kMaxJpegPixels = 1ull << 30;  // OpenCV's bound

/// True when an end-of-image marker follows a scan; bytes behind it do not matter. Segments are
/// skipped by their length: thumbnails inside them have end markers of their own.
bool JpegIsComplete(std::string_view bytes) {
  bool scan_seen = false;
  size_t at = 2;  // behind start-of-image
  for (;;) {
    at = bytes.find('\xff', at);
    if (at != std::string_view::npos) at = bytes.find_first_not_of('\xff', at);
    if (at == std::string_view::npos) return false;
    const auto marker = static_cast<uint8_t>(bytes[at++]);
    const bool stuffed = marker == 0x00;
    const bool stands_alone = marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    if (stuffed || stands_alone) continue;
    if (marker == 0xd9) return scan_seen;
    scan_seen = scan_seen || marker == 0xda;
    if (at + 2 > bytes.size()) return false;
    at += static_cast<uint8_t>(bytes[at]) * 256u + static_cast<uint8_t>(bytes[at + 1]);
  }
}

/// Whether the warning leaves the picture whole: odd headers, bytes too many between its parts.
bool IsHarmless(int warning) {
  return warning == JWRN_ADOBE_XFORM || warning == JWRN_EXTRANEOUS_DATA ||
         warning == JWRN_JFIF_MAJOR || warning == JWRN_TOO_MUCH_DATA ||
         warning == JWRN_BOGUS_PROGRESSION;
}

/// Errors leave libjpeg by longjmp into Guarded, which throws, as in PngSession.
class JpegReader {
 public:
  JpegReader(std::string_view bytes, const std::string& where) : where_(where) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = OnError;
    errors_.emit_message = OnMessage;
    Guarded([this, bytes] {
      jpeg_create_decompress(&info_);  // clears all but err and client_data
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      jpeg_read_header(&info_, TRUE);
    });
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  cv::Mat Rgb() {
    if (uint64_t{info_.image_width} * info_.image_height > kMaxJpegPixels) {
      throw Error(where_, ": claims ", info_.image_width, "x", info_.image_height,
                  " pixels, more than 2^30; is it broken?");
    }
    const bool cmyk = info_.num_components == 4;
    info_.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    Guarded([this] { jpeg_start_decompress(&info_); });
    const int height = static_cast<int>(info_.output_height);
    const int width = static_cast<int>(info_.output_width);
    cv::Mat rgb(height, width, CV_8UC3);
    std::vector<uint8_t> inks(cmyk ? size_t{4} * width : 0);
    uint8_t* first_row = rgb.data;
    const size_t step = rgb.step;
    uint8_t* ink_row = inks.data();
    Guarded([=, this] {
      for (int y = 0; y < height; ++y) {
        JSAMPROW row = cmyk ? ink_row : first_row + y * step;
        jpeg_read_scanlines(&info_, &row, 1);
        if (cmyk) InksToRgb(ink_row, width, first_row + y * step);
      }
      jpeg_finish_decompress(&info_);
    });
    return rgb;
  }

 private:
  template <typename Step>
  void Guarded(const Step& step) {
    if (setjmp(jump_) != 0) {
      throw Error(where_, ": is a broken or truncated JPEG file; copy or make it again (", message_,
                  ")");
    }
    step();
  }

  /// Adobe's CMYK is stored inverted; rounded as OpenCV does.
  static void InksToRgb(const uint8_t* cmyk, int width, uint8_t* rgb) {
    for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
      const int black = cmyk[3];
      for (int c = 0; c < 3; ++c)
        rgb[c] = static_cast<uint8_t>(black - ((255 - cmyk[c]) * black >> 8));
    }
  }

  [[noreturn]] static void OnError(j_common_ptr info) {
    auto* reader = static_cast<JpegReader*>(info->client_data);
    info->err->format_message(info, reader->message_);
    std::longjmp(reader->jump_, 1);
  }
  static void OnMessage(j_common_ptr info, int level) {
    if (level < 0 && !IsHarmless(info->err->msg_code)) OnError(info);
  }

  /// Its memory goes when the constructor throws, too.
  struct Info : jpeg_decompress_struct {
    Info() : jpeg_decompress_struct() {}
    ~Info() { jpeg_destroy_decompress(this); }
    Info(const Info&) = delete;
    Info& operator=(const Info&) = delete;
  };

  const std::string where_;
  Info info_;
  jpeg_error_mgr errors_ = {};
  std::jmp_buf jump_;
  char message_[JMSG_LENGTH_MAX] = "";
};

}  // namespace

bool IsJpeg(std::string_view bytes) { return bytes.substr(0, 3) == "\xff\xd8\xff"; }

cv::Mat DecodeJpegRgb(std::string_view bytes, const std::string& where) {
  if (!JpegIsComplete(bytes)) {
    throw Error(where,
                ": is a truncated JPEG file (no end marker behind the picture); copy it again");
  }
  return JpegReader(bytes, where).Rgb();
}

}  // namespace seglab
