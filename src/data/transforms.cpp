#include "data/transforms.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/names.h"
#include "data/color_jitter.h"

namespace seglab {
namespace {

constexpr int kMostPixels = 32768;  ///< longest side that may be asked for

void ResizeSample(Sample& sample, int height, int width) {
  sample.image = ResizeImage(sample.image, height, width);
  if (sample.truth.HasLabelMap())
    sample.truth.LabelMap() = ResizeNearest(sample.truth.LabelMap(), height, width);
}

/// Cuts the window of height x width at (x, y); what lies right of and below the image is padded.
void CropSample(Sample& sample, int x, int y, int height, int width, const Color& fill) {
  const cv::Size old = sample.image.size();
  if (x == 0 && y == 0 && old == cv::Size(width, height)) return;
  const cv::Rect window(x, y, width, height);
  const cv::Rect inside = window & cv::Rect({0, 0}, old);
  const auto crop = [&](const cv::Mat& from, const cv::Scalar& padding) {
    cv::Mat to;
    cv::copyMakeBorder(from(inside), to, 0, height - inside.height, 0, width - inside.width,
                       cv::BORDER_CONSTANT | cv::BORDER_ISOLATED, padding);
    return to;
  };
  sample.image = crop(sample.image, cv::Scalar(fill[0], fill[1], fill[2]));
  if (sample.truth.HasLabelMap())
    sample.truth.LabelMap() = crop(sample.truth.LabelMap(), cv::Scalar(kIgnoreLabel));
}

struct Size {
  int height = 0;
  int width = 0;
};

/// Reads the members height and width, both of which are needed.
Size ReadSize(JsonReader& reader) {
  Size size;
  size.height = reader.Require<int>("height");
  size.width = reader.Require<int>("width");
  reader.Get("height", size.height, 1, kMostPixels);
  reader.Get("width", size.width, 1, kMostPixels);
  return size;
}

Transform MakeResize(JsonReader& reader, const Color&) {
  const Size size = ReadSize(reader);
  return [size](Sample& sample, RandomStream&) { ResizeSample(sample, size.height, size.width); };
}

Transform MakeResizeShort(JsonReader& reader, const Color&) {
  int side = reader.Require<int>("side");
  reader.Get("side", side, 1, kMostPixels);
  return [side](Sample& sample, RandomStream&) {
    const int height = sample.image.rows;
    const int width = sample.image.cols;
    // The longer side is rounded down, as torchvision does.
    const auto longer = [side](int64_t length, int shorter) {
      return static_cast<int>(length * side / shorter);
    };
    if (height <= width) {
      ResizeSample(sample, side, longer(width, height));
    } else {
      ResizeSample(sample, longer(height, width), side);
    }
  };
}

Transform MakeRandomScale(JsonReader& reader, const Color&) {
  constexpr double kLeast = 0.01, kMost = 100.0;
  std::vector<double> values;
  double low = 0.5, high = 2.0, step = 0.0;
  if (reader.Get("values", values)) {
    if (reader.Has("min") || reader.Has("max") || reader.Has("step")) {
      throw Error(reader.path(), ": random_scale has values as well as min, max or step, ",
                  "give either of them");
    }
    if (values.empty()) throw Error(reader.Path("values"), ": no value to choose from, give some");
    for (const double value : values) {
      if (!(value >= kLeast && value <= kMost)) {
        throw Error(reader.Path("values"), ": ", value, " is out of range, use ", kLeast, " to ",
                    kMost);
      }
    }
  } else {
    reader.Get("min", low, kLeast, kMost);
    reader.Get("max", high, kLeast, kMost);
    reader.Get("step", step, 0.0, kMost);
    if (low > high) {
      throw Error(reader.path(), ": min ", low, " is above max ", high, ", exchange them");
    }
    if (step > 0) {
      // Rounding must not lose the last value: 0.5 to 2.0 by 0.1 is 16 values.
      const int64_t count = static_cast<int64_t>(std::floor((high - low) / step + 1e-6)) + 1;
      constexpr int64_t kMostValues = 100000;
      if (count > kMostValues) {
        throw Error(reader.Path("step"), ": ", step, " makes ", count,
                    " scales, use 0 for continuous ones");
      }
      for (int64_t i = 0; i < count; ++i) {
        values.push_back(std::min(high, low + step * static_cast<double>(i)));
      }
    }
  }
  return [=](Sample& sample, RandomStream& random) {
    const double scale = values.empty() ? random.Uniform(low, high)
                                        : values[random.Int(static_cast<int64_t>(values.size()))];
    const auto scaled = [scale](int length) {
      return std::max(1, static_cast<int>(std::lround(length * scale)));
    };
    ResizeSample(sample, scaled(sample.image.rows), scaled(sample.image.cols));
  };
}

Transform MakeRandomCrop(JsonReader& reader, const Color& fill) {
  const Size size = ReadSize(reader);
  return [size, fill](Sample& sample, RandomStream& random) {
    const int64_t y = random.Int(0, std::max(0, sample.image.rows - size.height));
    const int64_t x = random.Int(0, std::max(0, sample.image.cols - size.width));
    CropSample(sample, static_cast<int>(x), static_cast<int>(y), size.height, size.width, fill);
  };
}

Transform MakeCenterCrop(JsonReader& reader, const Color& fill) {
  const Size size = ReadSize(reader);
  return [size, fill](Sample& sample, RandomStream&) {
    const int y = std::max(0, sample.image.rows - size.height) / 2;
    const int x = std::max(0, sample.image.cols - size.width) / 2;
    CropSample(sample, x, y, size.height, size.width, fill);
  };
}

Transform MakePad(JsonReader& reader, const Color& fill) {
  const Size size = ReadSize(reader);
  return [size, fill](Sample& sample, RandomStream&) {
    CropSample(sample, 0, 0, std::max(size.height, sample.image.rows),
               std::max(size.width, sample.image.cols), fill);
  };
}

Transform MakeFlip(JsonReader& reader, const Color&) {
  double probability = 0.5;
  reader.Get("probability", probability, 0.0, 1.0);
  return [probability](Sample& sample, RandomStream& random) {
    if (!random.Chance(probability)) return;
    const auto flip = [](const cv::Mat& from) {
      cv::Mat to;
      cv::flip(from, to, 1);
      return to;
    };
    sample.image = flip(sample.image);
    if (sample.truth.HasLabelMap()) sample.truth.LabelMap() = flip(sample.truth.LabelMap());
  };
}

Transform MakeColorJitter(JsonReader& reader, const Color&) {
  ColorJitter jitter;
  constexpr double kMost = 100.0;
  reader.Get("brightness", jitter.brightness, 0.0, kMost);
  reader.Get("contrast", jitter.contrast, 0.0, kMost);
  reader.Get("saturation", jitter.saturation, 0.0, kMost);
  reader.Get("hue", jitter.hue, 0.0, 0.5);
  return [jitter](Sample& sample, RandomStream& random) {
    sample.image = JitterColors(sample.image, jitter, random);
  };
}

struct Row {
  const char* name;
  Transform (*make)(JsonReader& reader, const Color& fill);
};

constexpr Row kRows[] = {
    {"resize", MakeResize},
    {"resize_short", MakeResizeShort},
    {"random_scale", MakeRandomScale},
    {"random_crop", MakeRandomCrop},
    {"center_crop", MakeCenterCrop},
    {"pad", MakePad},
    {"flip", MakeFlip},
    {"color_jitter", MakeColorJitter},
};

/// For each pixel of a side of `to` pixels the pixel of a side of `from` pixels that its centre
/// falls on, in whole numbers: floor((i + 1/2) from / to).
std::vector<int> NearestPixels(int from, int to) {
  std::vector<int> pixels(to);
  for (int64_t i = 0; i < to; ++i) {
    pixels[i] = static_cast<int>((2 * i + 1) * from / (2 * int64_t{to}));
  }
  return pixels;
}

}  // namespace

cv::Mat ResizeNearest(const cv::Mat& label, int height, int width) {
  CV_Assert(label.type() == CV_8UC1 && !label.empty());
  if (label.rows == height && label.cols == width) return label;
  const std::vector<int> rows = NearestPixels(label.rows, height);
  const std::vector<int> columns = NearestPixels(label.cols, width);
  cv::Mat result(height, width, CV_8UC1);
  for (int y = 0; y < height; ++y) {
    uint8_t* out = result.ptr(y);
    if (y > 0 && rows[y] == rows[y - 1]) {
      std::memcpy(out, result.ptr(y - 1), width);
      continue;
    }
    const uint8_t* in = label.ptr(rows[y]);
    for (int x = 0; x < width; ++x) out[x] = in[columns[x]];
  }
  return result;
}

cv::Mat ResizeImage(const cv::Mat& image, int height, int width) {
  if (image.rows == height && image.cols == width) return image;
  cv::Mat shrunk = image;
  const cv::Size less(std::min(width, image.cols), std::min(height, image.rows));
  // OpenCV's area rule means something else along a side that grows: one step for each.
  if (less != image.size()) cv::resize(image, shrunk, less, 0, 0, cv::INTER_AREA);
  if (less == cv::Size(width, height)) return shrunk;
  cv::Mat grown;
  cv::resize(shrunk, grown, cv::Size(width, height), 0, 0, cv::INTER_LINEAR);
  return grown;
}

const std::vector<std::string>& TransformNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Row& row : kRows) all.push_back(row.name);
    return all;
  }();
  return names;
}

std::vector<Transform> MakeTransforms(const Json& list, const Color& fill,
                                      const std::string& path) {
  if (!list.is_array()) {
    throw Error(path, ": transforms must be a list, found ", list.type_name(),
                ", write [{\"name\": \"flip\"}, ...]");
  }
  std::vector<Transform> transforms;
  for (size_t i = 0; i < list.size(); ++i) {
    JsonReader reader(list[i], StrCat(path, "[", i, "]"));
    const std::string name = reader.Require<std::string>("name");
    const auto row = std::find_if(std::begin(kRows), std::end(kRows),
                                  [&](const Row& candidate) { return name == candidate.name; });
    if (row == std::end(kRows)) {
      throw Error(reader.Path("name"), ": ", UnknownName("transform", name, TransformNames()));
    }
    transforms.push_back(row->make(reader, fill));
    reader.Finish();
  }
  return transforms;
}

}  // namespace seglab
