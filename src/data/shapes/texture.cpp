#include "data/shapes/texture.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace seglab::shapes {
namespace {

/// A tile of cloudy noise that repeats without a seam.
class NoiseTile {
 public:
  static const NoiseTile& Get() {
    static const NoiseTile tile;
    return tile;
  }

  /// 0..255 at a place given in 65536ths of a period; sixteen tile pixels make a period.
  int At(uint32_t u, uint32_t v) const {
    const int part_u = (u >> 4) & 255;
    const int part_v = (v >> 4) & 255;
    const uint8_t* here = &pixel_[((v >> 12) & kMask) * (kSide + 1) + ((u >> 12) & kMask)];
    const int top = here[0] * (256 - part_u) + here[1] * part_u;
    const int bottom = here[kSide + 1] * (256 - part_u) + here[kSide + 2] * part_u;
    return (top * (256 - part_v) + bottom * part_v) >> 16;
  }

 private:
  static constexpr int kSide = 256;
  static constexpr int kMask = kSide - 1;

  NoiseTile() : pixel_((kSide + 1) * (kSide + 1)) {
    std::vector<int> sum(pixel_.size(), 0);
    // Octaves of 16, 8 and 4 tile pixels; the weights are in 16ths.
    AddOctave(16, 9, sum);
    AddOctave(8, 5, sum);
    AddOctave(4, 2, sum);
    for (size_t i = 0; i < sum.size(); ++i) {
      // Sums crowd around the middle: spread them.
      pixel_[i] = static_cast<uint8_t>(std::clamp((sum[i] / 16 - 128) * 8 / 5 + 128, 0, 255));
    }
  }

  static void AddOctave(int cell, int weight, std::vector<int>& sum) {
    const int cells = kSide / cell;
    const auto corner = [&](int x, int y) {
      const uint64_t key = static_cast<uint64_t>((y % cells) * cells + x % cells);
      return static_cast<int>(MixSeed(0x5eed, static_cast<uint64_t>(cell), key) & 255);
    };
    const auto smooth = [&](int part) {  // 3 t^2 - 2 t^3, 0..256
      const int t = part * 256 / cell;
      return (t * t * (3 * 256 - 2 * t)) >> 16;
    };
    for (int y = 0; y <= kSide; ++y) {
      for (int x = 0; x <= kSide; ++x) {
        const int i = x / cell, j = y / cell;
        const int a = smooth(x % cell), b = smooth(y % cell);
        const int top = corner(i, j) * (256 - a) + corner(i + 1, j) * a;
        const int bottom = corner(i, j + 1) * (256 - a) + corner(i + 1, j + 1) * a;
        sum[y * (kSide + 1) + x] += weight * ((top * (256 - b) + bottom * b) >> 16);
      }
    }
  }

  std::vector<uint8_t> pixel_;
};

/// 0..255..0 over one period.
int Wave(uint32_t u) {
  const int part = (u >> 7) & 511;
  return part < 256 ? part : 511 - part;
}

/// The weight of the second color, 0..255, at (u, v) in 65536ths of a period.
template <Texture kTexture>
int Pattern(uint32_t u, uint32_t v) {
  switch (kTexture) {
    case Texture::kPlain:
      return 0;
    case Texture::kStripes:
      return (u >> 15) & 1 ? 255 : 0;
    case Texture::kWaves:
      return Wave(u);
    case Texture::kChecks:
      return ((u ^ v) >> 15) & 1 ? 255 : 0;
    case Texture::kDots: {
      const int x = static_cast<int>((u >> 8) & 255) - 128;
      const int y = static_cast<int>((v >> 8) & 255) - 128;
      return x * x + y * y < 72 * 72 ? 255 : 0;
    }
    case Texture::kNoise:
      return NoiseTile::Get().At(u, v);
    case Texture::kBricks: {
      const uint32_t row = v >> 16;
      const uint32_t shifted = u + (row & 1) * 32768;
      if ((v & 65535) < 10000 || (shifted & 65535) < 6000) return 255;  // mortar
      const uint32_t brick = (shifted >> 16) * 0x9e3779b1u ^ row * 0x85ebca77u;
      return (brick >> 13) & 63;
    }
  }
  return 0;
}

template <Texture kTexture>
void FillWith(cv::Mat& image, const Coverage& coverage, const Paint& paint,
              const Placement& placement) {
  const int64_t cosine = Cosine(placement.angle + paint.angle);
  const int64_t sine = Sine(placement.angle + paint.angle);
  // Steps per pixel, in 65536ths of a period: sines carry 14 bits, periods kPixel = 2^8.
  const auto step = [](int64_t direction, int period) { return direction * 1024 / period; };
  const int64_t u_x = step(cosine, paint.period_x), u_y = step(sine, paint.period_x);
  const int64_t v_x = step(-sine, paint.period_y), v_y = step(cosine, paint.period_y);
  // Steps of the brightness per pixel, in 65536ths.
  const int64_t size = std::max(placement.size, kPixel);
  const int64_t shade_right = int64_t{paint.shade_x} * 65536 / size;
  const int64_t shade_down = int64_t{paint.shade_y} * 65536 / size;

  for (int row = 0; row < coverage.height; ++row) {
    const uint8_t* covered = coverage.Row(row);
    uint8_t* pixel = image.ptr(coverage.y + row, coverage.x);
    const int64_t x = int64_t{coverage.x} * kPixel + kPixel / 2 - placement.center.x;
    const int64_t y = (int64_t{coverage.y} + row) * kPixel + kPixel / 2 - placement.center.y;
    uint32_t u = static_cast<uint32_t>(paint.offset.x + ((u_x * x + u_y * y) >> 8));
    uint32_t v = static_cast<uint32_t>(paint.offset.y + ((v_x * x + v_y * y) >> 8));
    int shade = static_cast<int>(65536 + ((shade_right * x + shade_down * y) >> 8));
    for (int column = 0; column < coverage.width; ++column, pixel += 3) {
      if (covered[column] != 0) {
        const int second = Pattern<kTexture>(u, v);
        const int light = std::clamp(shade >> 8, 64, 448);
        const int alpha = (covered[column] + (covered[column] >> 7)) * paint.opacity >> 8;
        for (int c = 0; c < 3; ++c) {
          const int mixed = paint.a[c] * 256 + (paint.b[c] - paint.a[c]) * second;
          const int lit = std::min(255, (mixed >> 8) * light >> 8);
          pixel[c] = static_cast<uint8_t>(pixel[c] + (((lit - pixel[c]) * alpha) >> 8));
        }
      }
      u += static_cast<uint32_t>(u_x);
      v += static_cast<uint32_t>(v_x);
      shade += static_cast<int>(shade_right);
    }
  }
}

/// Mixes the image with its 3 x 3 binomial blur, strength 0..256.
void Blur(cv::Mat& image, int strength) {
  const int height = image.rows;
  const int bytes = image.cols * 3;
  std::vector<uint16_t> rows(static_cast<size_t>(bytes) * height);
  for (int y = 0; y < height; ++y) {
    const uint8_t* in = image.ptr(y);
    uint16_t* out = &rows[static_cast<size_t>(y) * bytes];
    for (int i = 3; i < bytes - 3; ++i) {
      out[i] = static_cast<uint16_t>(in[i - 3] + 2 * in[i] + in[i + 3]);
    }
    for (int i = 0; i < 3; ++i) {
      out[i] = static_cast<uint16_t>(3 * in[i] + in[i + 3]);
      const int j = bytes - 3 + i;
      out[j] = static_cast<uint16_t>(3 * in[j] + in[j - 3]);
    }
  }
  for (int y = 0; y < height; ++y) {
    const uint16_t* here = &rows[static_cast<size_t>(y) * bytes];
    const uint16_t* above = y > 0 ? here - bytes : here;
    const uint16_t* below = y + 1 < height ? here + bytes : here;
    uint8_t* out = image.ptr(y);
    for (int i = 0; i < bytes; ++i) {
      const int blurred = (above[i] + 2 * here[i] + below[i] + 8) >> 4;
      out[i] = static_cast<uint8_t>(out[i] + (((blurred - out[i]) * strength) >> 8));
    }
  }
}

/// Light from one side and noise of about -amplitude..amplitude.
void LightAndNoise(cv::Mat& image, int light, int light_x, int light_y, int amplitude,
                   uint64_t state) {
  for (int y = 0; y < image.rows; ++y) {
    uint8_t* pixel = image.ptr(y);
    int brightness =
        light * 256 + light_y * (2 * y - image.rows) * 128 / image.rows - light_x * 128;
    const int step = light_x * 256 / image.cols;
    for (int x = 0; x < image.cols; ++x, pixel += 3, brightness += step) {
      // xorshift64 (Marsaglia 2003): one step gives the six bytes that a pixel needs.
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      const int lit = brightness >> 8;
      for (int c = 0; c < 3; ++c) {
        const int triangular = static_cast<int>((state >> (16 * c)) & 255) -
                               static_cast<int>((state >> (16 * c + 8)) & 255);
        const int value = ((pixel[c] * lit) >> 8) + ((triangular * amplitude) >> 8);
        pixel[c] = static_cast<uint8_t>(std::clamp(value, 0, 255));
      }
    }
  }
}

}  // namespace

void Fill(cv::Mat& image, const Coverage& coverage, const Paint& paint,
          const Placement& placement) {
  switch (paint.texture) {
    case Texture::kPlain:
      return FillWith<Texture::kPlain>(image, coverage, paint, placement);
    case Texture::kStripes:
      return FillWith<Texture::kStripes>(image, coverage, paint, placement);
    case Texture::kWaves:
      return FillWith<Texture::kWaves>(image, coverage, paint, placement);
    case Texture::kChecks:
      return FillWith<Texture::kChecks>(image, coverage, paint, placement);
    case Texture::kDots:
      return FillWith<Texture::kDots>(image, coverage, paint, placement);
    case Texture::kNoise:
      return FillWith<Texture::kNoise>(image, coverage, paint, placement);
    case Texture::kBricks:
      return FillWith<Texture::kBricks>(image, coverage, paint, placement);
  }
}

void RandomizePattern(Paint& paint, Texture texture, int unit, RandomStream& random) {
  paint.texture = texture;
  paint.offset.x = static_cast<int>(random.Int(int64_t{1} << 22));
  paint.offset.y = static_cast<int>(random.Int(int64_t{1} << 22));
  const int scale = unit * static_cast<int>(random.Int(16, 40)) / 16;
  paint.period_x = paint.period_y = std::max(scale, 2 * kPixel);
  switch (texture) {
    case Texture::kNoise: {
      // Clouds, or, stretched, grain like wood, grass, water.
      const int stretch = random.Chance(0.5) ? 16 : static_cast<int>(random.Int(24, 96));
      paint.period_x = paint.period_y * 3 * stretch / 16;
      paint.period_y *= 2;
      break;
    }
    case Texture::kBricks:
      paint.period_y = std::max(scale, 4 * kPixel);
      paint.period_x = paint.period_y * static_cast<int>(random.Int(28, 44)) / 16;
      break;
    default:
      break;
  }
}

Color FromHsv(int hue, int saturation, int value) {
  const int low = value * (255 - saturation) / 255;
  const int part = hue & 255;
  const int rising = low + (value - low) * part / 255;
  const int falling = value - (value - low) * part / 255;
  const auto color = [](int r, int g, int b) {
    return Color{static_cast<uint8_t>(r), static_cast<uint8_t>(g), static_cast<uint8_t>(b)};
  };
  switch ((hue >> 8) % 6) {
    case 0:
      return color(value, rising, low);
    case 1:
      return color(falling, value, low);
    case 2:
      return color(low, value, rising);
    case 3:
      return color(low, falling, value);
    case 4:
      return color(rising, low, value);
    default:
      return color(value, low, falling);
  }
}

Color RandomColor(RandomStream& random) {
  const int hue = static_cast<int>(random.Int(1536));
  const int saturation =
      static_cast<int>(random.Chance(0.2) ? random.Int(0, 40) : random.Int(60, 255));
  const int value = static_cast<int>(random.Int(45, 250));
  return FromHsv(hue, saturation, value);
}

Color Brighter(const Color& color, int by) {
  Color result;
  for (int c = 0; c < 3; ++c) {
    result[c] = static_cast<uint8_t>(std::clamp(color[c] + by, 0, 255));
  }
  return result;
}

int Distance(const Color& a, const Color& b) {
  int sum = 0;
  for (int c = 0; c < 3; ++c) sum += std::abs(int{a[c]} - int{b[c]});
  return sum;
}

void Photograph(cv::Mat& image, RandomStream& random) {
  const int light = static_cast<int>(random.Int(215, 290));
  const int light_x = static_cast<int>(random.Int(-90, 90));
  const int light_y = static_cast<int>(random.Int(-90, 90));
  const int amplitude = static_cast<int>(random.Int(4, 28));
  const int blur = static_cast<int>(random.Int(0, 220));
  const int passes = std::max(1, std::min(image.rows, image.cols) / 128);
  for (int pass = 0; pass < passes; ++pass) Blur(image, blur);
  LightAndNoise(image, light, light_x, light_y, amplitude, random.Next() | 1);
}

}  // namespace seglab::shapes
