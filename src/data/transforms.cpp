#include "data/transforms.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/names.h"
#include "data/blur.h"
#include "data/color_jitter.h"
#include "data/cutout.h"
#include "data/elastic.h"
#include "data/frame.h"
#include "data/noise.h"
#include "data/warp.h"

namespace seglab {
namespace {

constexpr int kMostPixels = 32768;  ///< longest side that may be asked for

/// One step of a chain that is geometry alone.
using FrameStep = std::function<void(Frame& frame, RandomStream& random)>;

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

/// Reads the members min and max, of which neither is needed.
void ReadRange(JsonReader& reader, double& low, double& high, double least, double most) {
  reader.Get("min", low, least, most);
  reader.Get("max", high, least, most);
  if (low > high)
    throw Error(reader.path(), ": min ", low, " is above max ", high, ", exchange them");
}

double ReadProbability(JsonReader& reader, double usual) {
  reader.Get("probability", usual, 0.0, 1.0);
  return usual;
}

FrameStep MakeResize(JsonReader& reader) {
  const Size size = ReadSize(reader);
  return [size](Frame& frame, RandomStream&) { frame.Resize(size.height, size.width); };
}

FrameStep MakeResizeShort(JsonReader& reader) {
  int side = reader.Require<int>("side");
  reader.Get("side", side, 1, kMostPixels);
  return [side](Frame& frame, RandomStream&) {
    const int height = frame.size().height;
    const int width = frame.size().width;
    // The longer side is rounded down, as torchvision does.
    const auto longer = [side](int64_t length, int shorter) {
      return static_cast<int>(length * side / shorter);
    };
    if (height <= width) {
      frame.Resize(side, longer(width, height));
    } else {
      frame.Resize(longer(height, width), side);
    }
  };
}

FrameStep MakeRandomScale(JsonReader& reader) {
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
    ReadRange(reader, low, high, kLeast, kMost);
    reader.Get("step", step, 0.0, kMost);
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
  return [=](Frame& frame, RandomStream& random) {
    const double scale = values.empty() ? random.Uniform(low, high)
                                        : values[random.Int(static_cast<int64_t>(values.size()))];
    const auto scaled = [scale](int length) {
      return std::max(1, static_cast<int>(std::lround(length * scale)));
    };
    frame.Resize(scaled(frame.size().height), scaled(frame.size().width));
  };
}

FrameStep MakeRandomCrop(JsonReader& reader) {
  const Size size = ReadSize(reader);
  return [size](Frame& frame, RandomStream& random) {
    const int64_t y = random.Int(0, std::max(0, frame.size().height - size.height));
    const int64_t x = random.Int(0, std::max(0, frame.size().width - size.width));
    frame.Crop(static_cast<int>(x), static_cast<int>(y), size.height, size.width);
  };
}

FrameStep MakeCenterCrop(JsonReader& reader) {
  const Size size = ReadSize(reader);
  return [size](Frame& frame, RandomStream&) {
    const int y = std::max(0, frame.size().height - size.height) / 2;
    const int x = std::max(0, frame.size().width - size.width) / 2;
    frame.Crop(x, y, size.height, size.width);
  };
}

FrameStep MakePad(JsonReader& reader) {
  const Size size = ReadSize(reader);
  return [size](Frame& frame, RandomStream&) {
    frame.Crop(0, 0, std::max(size.height, frame.size().height),
               std::max(size.width, frame.size().width));
  };
}

FrameStep MakeFlip(JsonReader& reader) {
  const double probability = ReadProbability(reader, 0.5);
  return [probability](Frame& frame, RandomStream& random) {
    if (random.Chance(probability)) frame.Flip();
  };
}

WarpBorder ReadBorder(JsonReader& reader, std::string usual) {
  reader.GetChoice("border", usual, {"fill", "mirror"});
  return usual == "fill" ? WarpBorder::kFill : WarpBorder::kMirror;
}

Transform MakeRotate(JsonReader& reader, const Color& fill) {
  double degrees = 10.0;
  reader.Get("degrees", degrees, 0.0, 180.0);
  const WarpBorder border = ReadBorder(reader, "fill");
  return [=](Sample& sample, RandomStream& random) {
    Rotate(sample, random.Uniform(-degrees, degrees), border, fill);
  };
}

Transform MakeElastic(JsonReader& reader, const Color& fill) {
  constexpr int kMostNodes = 64;
  constexpr double kMostSigma = 1000.0;  // what PlaceOf holds is far from it
  int grid = 3;
  double sigma = 10.0;
  reader.Get("grid", grid, 2, kMostNodes);
  reader.Get("sigma", sigma, 0.0, kMostSigma);
  const WarpBorder border = ReadBorder(reader, "mirror");
  const double probability = ReadProbability(reader, 1.0);
  return [=](Sample& sample, RandomStream& random) {
    if (!random.Chance(probability)) return;
    const ElasticField field(DrawDisplacements(grid, sigma, random), grid, sample.image.size());
    Warp(
        sample, [&](int y, Place* places) { field.Row(y, places); }, border, fill);
  };
}

Transform MakeBlur(JsonReader& reader, const Color&) {
  constexpr double kMostSigma = 100.0;
  double low = 0.1, high = 2.0;
  ReadRange(reader, low, high, 0.0, kMostSigma);
  const double probability = ReadProbability(reader, 0.5);
  return [=](Sample& sample, RandomStream& random) {
    if (!random.Chance(probability)) return;
    sample.image = Blurred(sample.image, random.Uniform(low, high));
  };
}

Transform MakeNoise(JsonReader& reader, const Color&) {
  double most = 10.0;
  bool grey = false;
  reader.Get("max", most, 0.0, 255.0);
  reader.Get("grey", grey);
  const double probability = ReadProbability(reader, 0.5);
  return [=](Sample& sample, RandomStream& random) {
    if (!random.Chance(probability)) return;
    const double sigma = random.Uniform(0.0, most);
    sample.image = Noisy(sample.image, sigma, grey, random);
  };
}

Transform MakeCutout(JsonReader& reader, const Color& fill) {
  constexpr int kMostHoles = 1000;
  CutoutOptions options;
  reader.Get("holes", options.holes, 1, kMostHoles);
  ReadRange(reader, options.min, options.max, 0.0, 1.0);
  reader.Get("void", options.void_label);
  return [=](Sample& sample, RandomStream& random) { CutOut(sample, options, fill, random); };
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
  FrameStep (*move)(JsonReader& reader);                       ///< or null
  Transform (*change)(JsonReader& reader, const Color& fill);  ///< or null
  bool resizes = false;
};

constexpr Row kRows[] = {
    {"resize", MakeResize, nullptr, true},
    {"resize_short", MakeResizeShort, nullptr, true},
    {"random_scale", MakeRandomScale, nullptr, true},
    {"random_crop", MakeRandomCrop, nullptr},
    {"center_crop", MakeCenterCrop, nullptr},
    {"pad", MakePad, nullptr},
    {"flip", MakeFlip, nullptr},
    {"rotate", nullptr, MakeRotate},
    {"elastic", nullptr, MakeElastic},
    {"color_jitter", nullptr, MakeColorJitter},
    {"blur", nullptr, MakeBlur},
    {"noise", nullptr, MakeNoise},
    {"cutout", nullptr, MakeCutout},
};

struct Move {
  FrameStep step;
  bool resizes;
};

/// All moves in one: pixels are made at the end, and where a part of an image is to be resized.
Transform Moved(std::vector<Move> moves, const Color& fill) {
  return [moves = std::move(moves), fill](Sample& sample, RandomStream& random) {
    Frame frame(sample.image.size());
    for (const Move& move : moves) {
      if (move.resizes && frame.IsCut()) {
        frame.Apply(sample, fill);
        frame = Frame(sample.image.size());
      }
      move.step(frame, random);
    }
    frame.Apply(sample, fill);
  };
}

}  // namespace

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
  std::vector<Move> moves;  // since the last transform
  const auto flush = [&] {
    if (!moves.empty()) transforms.push_back(Moved(std::exchange(moves, {}), fill));
  };
  for (size_t i = 0; i < list.size(); ++i) {
    JsonReader reader(list[i], StrCat(path, "[", i, "]"));
    const std::string name = reader.Require<std::string>("name");
    const auto row = std::find_if(std::begin(kRows), std::end(kRows),
                                  [&](const Row& candidate) { return name == candidate.name; });
    if (row == std::end(kRows)) {
      throw Error(reader.Path("name"), ": ", UnknownName("transform", name, TransformNames()));
    }
    if (row->move != nullptr) {
      moves.push_back({row->move(reader), row->resizes});
    } else {
      flush();
      transforms.push_back(row->change(reader, fill));
    }
    reader.Finish();
  }
  flush();
  return transforms;
}

}  // namespace seglab
