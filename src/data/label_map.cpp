#include "data/label_map.h"

#include <algorithm>
#include <array>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "data/masks.h"
#include "data/png_codec.h"
#include "data/sbd.h"

namespace seglab {
namespace {

constexpr uint16_t kWrong = 0x100;  // beside the label in tables

/// Masks that are no PNG, as they are stored.
RawMask DecodeOtherMask(std::string bytes, const std::string& path) {
  RawMask mask;
  const std::string_view view = bytes;
  if (view.starts_with("\xff\xd8\xff")) {
    mask.kind = "a JPEG file";
    mask.lossy = true;
  } else if (view.size() >= 12 && view.starts_with("RIFF") && view.substr(8, 4) == "WEBP") {
    mask.lossy = view.substr(12, 4) != "VP8L";
    mask.kind = mask.lossy ? "a WebP file with losses" : "a WebP file";
  }
  try {
    const cv::Mat buffer(1, static_cast<int>(bytes.size()), CV_8UC1, bytes.data());
    mask.pixels = cv::imdecode(buffer, cv::IMREAD_UNCHANGED | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception&) {  // empty, said below
  }
  const int type = mask.pixels.type();
  if (mask.pixels.empty() ||
      (type != CV_8UC1 && type != CV_16UC1 && type != CV_8UC3 && type != CV_8UC4)) {
    throw Error(path, ": cannot be read as a mask",
                mask.pixels.empty() ? "" : ", its pixels are no 8-bit or 16-bit values",
                "; save it as 8-bit grey or palette PNG");
  }
  if (type == CV_8UC3) cv::cvtColor(mask.pixels, mask.pixels, cv::COLOR_BGR2RGB);
  if (type == CV_8UC4) cv::cvtColor(mask.pixels, mask.pixels, cv::COLOR_BGRA2RGB);
  if (mask.kind.empty()) mask.kind = mask.pixels.channels() == 3 ? "an RGB image" : "a grey image";
  if (type == CV_16UC1) mask.kind = "a 16-bit grey image";
  return mask;
}

/// Three equal channels as one. Empty when they differ somewhere.
cv::Mat GreyOf(const cv::Mat& rgb) {
  cv::Mat grey(rgb.size(), CV_8UC1);
  for (int y = 0; y < rgb.rows; ++y) {
    const uint8_t* from = rgb.ptr<uint8_t>(y);
    uint8_t* to = grey.ptr<uint8_t>(y);
    int different = 0;
    for (int x = 0; x < rgb.cols; ++x, from += 3) {
      different |= (from[0] ^ from[1]) | (from[0] ^ from[2]);
      to[x] = from[0];
    }
    if (different != 0) return {};
  }
  return grey;
}

/// Raw values of one channel made labels.
class ValueMapper {
 public:
  ValueMapper(const LabelSet& labels, const MaskValues& values, const std::string& path)
      : labels_(labels), values_(values), path_(path) {}

  template <typename T>
  cv::Mat Map(const cv::Mat& raw) const {
    std::vector<uint16_t> table(sizeof(T) == 1 ? 256 : 65536);
    for (size_t value = 0; value < table.size(); ++value) {
      const int meaning = values_.Meaning(static_cast<int>(value));
      table[value] = IsLabel(meaning) ? static_cast<uint16_t>(meaning) : kWrong;
    }
    cv::Mat labels(raw.size(), CV_8UC1);
    for (int y = 0; y < raw.rows; ++y) {
      const T* from = raw.ptr<T>(y);
      uint8_t* to = labels.ptr<uint8_t>(y);
      uint16_t wrong = 0;
      for (int x = 0; x < raw.cols; ++x) {
        const uint16_t label = table[from[x]];
        to[x] = static_cast<uint8_t>(label);
        wrong |= label;
      }
      if ((wrong & kWrong) == 0) continue;
      const T* at = std::find_if(from, from + raw.cols, [&](T v) { return table[v] == kWrong; });
      Refuse(*at, static_cast<int>(at - from), y);
    }
    return labels;
  }

 private:
  bool IsLabel(int meaning) const {
    return meaning >= 0 && (meaning < labels_.size() || meaning == kIgnoreLabel);
  }

  [[noreturn]] void Refuse(int raw, int x, int y) const {
    const int meaning = values_.Meaning(raw);
    if (meaning == MaskValues::kAmbiguous) {
      throw Error(path_, ": value ", raw, " at (", x, ", ", y,
                  ") is neither in \"values\" nor in \"ignore\", but value ",
                  values_.ListedFor(raw), " is class ", raw, " (", labels_.names.at(raw),
                  ") already; say in \"values\" what ", raw, " means, 255 for void");
    }
    if (meaning == MaskValues::kNothing) {
      throw Error(path_, ": value ", raw, " at (", x, ", ", y,
                  ") is neither in \"values\" nor in \"ignore\"; say there what it means");
    }
    throw Error(path_, ": label ", raw, " at (", x, ", ", y, ") is out of range, the data set has ",
                labels_.size(), " classes (0 to ", labels_.size() - 1, ") and ", kIgnoreLabel,
                " for void; mend the mask or the list of classes, or say in \"values\" what it "
                "means");
  }

  const LabelSet& labels_;
  const MaskValues& values_;
  const std::string& path_;
};

std::string ColorText(Color color) {
  return StrCat("[", int{color[0]}, ", ", int{color[1]}, ", ", int{color[2]}, "]");
}

/// " (nearest: [128, 64, 128], road)".
std::string NearestColor(const LabelSet& labels, Color color) {
  int best = 0, best_distance = 1 << 20;
  for (int i = 0; i < labels.size(); ++i) {
    int distance = 0;
    for (int c = 0; c < 3; ++c) {
      const int d = int{labels.palette.at(i)[c]} - int{color[c]};
      distance += d * d;
    }
    if (distance < best_distance) std::tie(best, best_distance) = std::pair(i, distance);
  }
  return " (nearest: " + ColorText(labels.palette.at(best)) + ", " + labels.names.at(best) + ")";
}

cv::Mat MapColors(const cv::Mat& rgb, const LabelSet& labels, const MaskValues& values,
                  const std::string& path) {
  cv::Mat map(rgb.size(), CV_8UC1);
  Color last = {};
  int meaning = values.ColorMeaning(last);
  for (int y = 0; y < rgb.rows; ++y) {
    const uint8_t* from = rgb.ptr<uint8_t>(y);
    uint8_t* to = map.ptr<uint8_t>(y);
    for (int x = 0; x < rgb.cols; ++x, from += 3) {
      const Color color = {from[0], from[1], from[2]};
      if (color != last) meaning = values.ColorMeaning(last = color);
      if (meaning < 0) {
        throw Error(path, ": the color ", ColorText(color), " at (", x, ", ", y, ") is ",
                    meaning == MaskValues::kAmbiguous ? "that of several classes"
                                                      : "no class's in the palette",
                    meaning == MaskValues::kAmbiguous ? "" : NearestColor(labels, color),
                    "; mend the mask, or say in \"palette\", \"values\" or \"ignore\" what it "
                    "means");
      }
      to[x] = static_cast<uint8_t>(meaning);
    }
  }
  return map;
}

/// A palette image whose colors are those of other classes than its indices: made of a colored
/// picture, which numbers colors as they come.
void RefuseOtherOrder(const cv::Mat& indices, const std::vector<Color>& palette,
                      const LabelSet& labels, const MaskValues& values, const std::string& path) {
  std::array<int, 256> meanings;
  meanings.fill(MaskValues::kNothing);
  bool differs = false;
  for (size_t i = 0; i < palette.size(); ++i) {
    meanings[i] = values.ColorMeaning(palette[i]);
    differs = differs || (meanings[i] >= 0 && meanings[i] != values.Meaning(static_cast<int>(i)));
  }
  if (!differs) return;
  std::array<bool, 256> used{};
  for (int y = 0; y < indices.rows; ++y) {
    const uint8_t* row = indices.ptr<uint8_t>(y);
    for (int x = 0; x < indices.cols; ++x) used[row[x]] = true;
  }
  int other = -1;
  for (int i = 0; i < 256; ++i) {
    if (!used[i]) continue;
    if (meanings[i] < 0) return;  // colors for the eye alone
    if (meanings[i] != values.Meaning(i) && other < 0) other = i;
  }
  if (other < 0) return;
  const int meaning = meanings[other];
  throw Error(path, ": index ", other, " has the color ", ColorText(palette[other]), ", which is ",
              meaning == kIgnoreLabel ? "void's" : labels.names.at(meaning) + "'s",
              " in the palette of the classes; save it as RGB to be read by its colors, or take "
              "\"palette\" out of the classes to have its indices");
}

cv::Mat Label(const RawMask& mask, const LabelSet& labels, const MaskValues& values,
              const std::string& path) {
  const ValueMapper mapper(labels, values, path);
  if (values.threshold() > 0 && mask.pixels.depth() == CV_8U) {
    cv::Mat grey = mask.pixels;
    if (grey.channels() == 3) cv::cvtColor(grey, grey, cv::COLOR_RGB2GRAY);
    return mapper.Map<uint8_t>(grey);
  }
  if (mask.lossy) {
    throw Error(path, ": is ", mask.kind,
                ", which does not keep values exactly, and a mask holds class indices: save it as "
                "8-bit grey or palette PNG; masks of two classes can be read with \"threshold\": "
                "128 in classes.json");
  }
  if (mask.pixels.type() == CV_16UC1) {
    if (values.has_listed()) return mapper.Map<uint16_t>(mask.pixels);
    throw Error(path, ": is ", mask.kind,
                ": say in \"values\" what its values mean, as in {\"1000\": 0}, or save it as "
                "8-bit grey or palette PNG");
  }
  if (mask.pixels.channels() == 1) return mapper.Map<uint8_t>(mask.pixels);
  if (values.has_colors()) return MapColors(mask.pixels, labels, values, path);
  if (const cv::Mat grey = GreyOf(mask.pixels); !grey.empty()) return mapper.Map<uint8_t>(grey);
  throw Error(path, ": is ", mask.kind,
              ", but a mask holds class indices: give \"palette\" the colors of the classes, as in "
              "[[0, 0, 0], [128, 0, 0]], or save it as 8-bit grey or palette PNG");
}

RawMask FromPng(PngMask png, const std::string& path) {
  RawMask mask;
  mask.kind = png.kind;
  mask.pixels = png.pixels;
  const int channels = png.pixels.channels();
  if (channels == 2 || channels == 4) {
    std::vector<cv::Mat> planes;
    cv::split(png.pixels, planes);
    double least = 0, most = 0;
    cv::minMaxLoc(planes.back(), &least, &most);
    if (least != most && (channels == 2 || std::all_of(planes.begin(), planes.end() - 1,
                                                       [&planes](const cv::Mat& plane) {
                                                         return cv::countNonZero(plane) == 0;
                                                       }))) {
      throw Error(path, ": is ", png.kind, " that is opaque here and clear there, which may be ",
                  "what it is to say: save it as 8-bit grey or palette PNG");
    }
    planes.pop_back();
    cv::merge(planes, mask.pixels);
  }
  return mask;
}

}  // namespace

RawMask ReadRawMask(const std::string& path) {
  std::string bytes = ReadFile(path);
  if (bytes.empty()) throw Error(path, ": is empty, copy or make it again");
  if (!IsPng(bytes)) return DecodeOtherMask(std::move(bytes), path);
  return FromPng(DecodePngMask(bytes, path), path);
}

bool HoldsColors(const RawMask& mask) {
  return mask.pixels.channels() == 3 && GreyOf(mask.pixels).empty();
}

cv::Mat ReadLabelMap(const std::string& path, const LabelSet& labels, const MaskValues& values) {
  if (path.ends_with(".mat") || path.ends_with(".MAT")) {
    const cv::Mat raw = ReadMatMask(path);
    const ValueMapper mapper(labels, values, path);
    return raw.depth() == CV_16U ? mapper.Map<uint16_t>(raw) : mapper.Map<uint8_t>(raw);
  }
  std::string bytes = ReadFile(path);
  if (bytes.empty()) throw Error(path, ": is empty, copy or make it again");
  if (!IsPng(bytes)) return Label(DecodeOtherMask(std::move(bytes), path), labels, values, path);
  PngMask png = DecodePngMask(bytes, path);
  if (values.has_colors() && values.threshold() == 0 && !png.palette.empty())
    RefuseOtherOrder(png.pixels, png.palette, labels, values, path);
  if (!values.changes() && png.pixels.type() == CV_8UC1) {
    CheckLabels(png.pixels, labels.size(), path);  // the usual mask, and quicker
    return png.pixels;
  }
  return Label(FromPng(std::move(png), path), labels, values, path);
}

}  // namespace seglab
