#include "data/shapes/scene.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace seglab::shapes {
namespace {

/// A frame that leaves patterns upright and anchored at the corner.
Placement Upright(int side) { return {{0, 0}, side, 0, false}; }

int Between(RandomStream& random, int64_t low, int64_t high) {
  return static_cast<int>(random.Int(low, high));
}

/// Log-uniform between two sizes.
int LogUniform(RandomStream& random, int low, int high) {
  if (low >= high) return high;
  // So few steps that rounding hides the last bit in which the powers of libraries differ.
  const double part = static_cast<double>(random.Int(0, 256)) / 256;
  return static_cast<int>(std::lround(low * std::pow(static_cast<double>(high) / low, part)));
}

int ChooseKind(RandomStream& random) {
  int64_t sum = 0;
  for (const Kind& kind : Kinds()) sum += kind.weight;
  int64_t at = random.Int(sum);
  int chosen = 0;
  while (at >= Kinds()[chosen].weight) at -= Kinds()[chosen++].weight;
  return chosen;
}

Placement RandomPose(const Kind& kind, int size, RandomStream& random) {
  Placement placement;
  placement.size = size;
  placement.angle = Between(random, -kind.tilt, kind.tilt);
  placement.mirror = random.Chance(0.5);
  return placement;
}

/// The upright box around an object, rotated or not.
cv::Rect Extent(const Kind& kind, const Placement& placement) {
  const int width = placement.size * kind.width / 100;
  const int height = placement.size * kind.height / 100;
  return {placement.center.x - width / 2, placement.center.y - height / 2, width, height};
}

}  // namespace

Scene::Scene(int height, int width, bool void_border)
    : height_(height),
      width_(width),
      side_(std::min(height, width) * kPixel),
      void_border_(void_border),
      image_(height, width, CV_8UC3, cv::Scalar::all(0)),
      label_(height, width, CV_8UC1, cv::Scalar::all(0)),
      rasterizer_(width, height),
      object_(height, width, CV_8UC1, cv::Scalar::all(0)) {}

void Scene::PaintRegion(const Coverage& region, const Color& color, RandomStream& random) {
  static constexpr Texture kTextures[] = {Texture::kPlain, Texture::kNoise,  Texture::kNoise,
                                          Texture::kNoise, Texture::kBricks, Texture::kStripes,
                                          Texture::kWaves, Texture::kChecks};
  Paint paint;
  paint.a = color;
  const Texture texture = kTextures[random.Int(std::size(kTextures))];
  RandomizePattern(paint, texture, side_ / Between(random, 6, 24), random);
  // Hard patterns get less contrast than clouds, lest they drown the objects.
  const bool soft = texture == Texture::kNoise || texture == Texture::kWaves;
  const int contrast = soft ? Between(random, 30, 100) : Between(random, 12, 45);
  paint.b = Brighter(color, random.Chance(0.5) ? contrast : -contrast);
  if (texture != Texture::kBricks) paint.angle = Between(random, 0, kTurn);
  paint.shade_x = Between(random, -40, 40);
  paint.shade_y = Between(random, -60, 60);
  Fill(image_, region, paint, Upright(side_));
}

void Scene::PaintBackdrop(RandomStream& random) {
  const Color first = RandomColor(random);
  PaintRegion(rasterizer_.Whole(), first, random);
  if (random.Chance(0.65)) {  // ground with a horizon, straight or hilly
    const Color second = ContrastingColor(first, random);
    const int horizon = height_ * kPixel / 100 * Between(random, 30, 80);
    const int hills = random.Chance(0.5) ? side_ / Between(random, 12, 40) : 0;
    const int slope = side_ / 100 * Between(random, -8, 8);
    Path ground;
    std::vector<Point> contour;
    constexpr int kSteps = 12;
    for (int i = 0; i <= kSteps; ++i) {
      contour.push_back(
          {width_ * kPixel / kSteps * i + (i == kSteps ? kSteps * kPixel : 0),
           horizon + slope * (i - kSteps / 2) / kSteps + Between(random, -hills, hills)});
    }
    contour.push_back({(width_ + 1) * kPixel, height_ * kPixel});
    contour.push_back({0, height_ * kPixel});
    ground.Solid(std::move(contour));
    PaintRegion(rasterizer_.Run(ground), second, random);
  }
  PaintClutter(random);
}

void Scene::PaintClutter(RandomStream& random) {
  const int blobs = Between(random, 0, 3);
  for (int i = 0; i < blobs; ++i) {  // stains, shadows
    Path blob;
    const int x = Between(random, 0, width_ * kPixel);
    const int y = Between(random, 0, height_ * kPixel);
    const int radius = LogUniform(random, side_ / 20, side_ / 4);
    std::vector<Point> contour;
    for (int corner = 0; corner < 10; ++corner) {
      contour.push_back(
          Polar({x, y}, radius * Between(random, 55, 100) / 100, corner * kTurn / 10));
    }
    blob.Solid(std::move(contour));
    Paint paint;
    paint.a = paint.b = RandomColor(random);
    paint.opacity = Between(random, 30, 90);
    Fill(image_, rasterizer_.Run(blob), paint, Upright(side_));
  }
  if (random.Chance(0.25)) {  // a wire from side to side
    Path wire;
    const int left = Between(random, 0, height_ * kPixel);
    const int right = left + side_ / 100 * Between(random, -25, 25);
    wire.Stroke({-2 * kPixel, left}, {(width_ + 2) * kPixel, right},
                side_ / Between(random, 70, 128));
    Paint paint;
    paint.a = paint.b = RandomColor(random);
    paint.opacity = Between(random, 120, 256);
    Fill(image_, rasterizer_.Run(wire), paint, Upright(side_));
  }
}

Color Scene::ColorAround(const Placement& placement) const {
  int sum[3] = {0, 0, 0};
  constexpr int kSide = 4;
  for (int i = 0; i < kSide * kSide; ++i) {
    const int x = placement.center.x + placement.size * (2 * (i % kSide) - kSide + 1) / (2 * kSide);
    const int y = placement.center.y + placement.size * (2 * (i / kSide) - kSide + 1) / (2 * kSide);
    const uint8_t* pixel =
        image_.ptr(std::clamp(y / kPixel, 0, height_ - 1), std::clamp(x / kPixel, 0, width_ - 1));
    for (int c = 0; c < 3; ++c) sum[c] += pixel[c];
  }
  Color mean;
  for (int c = 0; c < 3; ++c) mean[c] = static_cast<uint8_t>(sum[c] / (kSide * kSide));
  return mean;
}

void Scene::PaintObject(int kind, const Placement& placement, RandomStream& random) {
  const Sketch sketch{placement.size, std::max(side_ / 85, kPixel * 5 / 4), ColorAround(placement)};
  box_ = {};
  for (const Part& part : Kinds()[kind].draw(sketch, random)) {
    const Coverage& covered = rasterizer_.Run(Place(part.path, placement));
    if (covered.width == 0) continue;
    Fill(image_, covered, part.paint, placement);
    for (int row = 0; row < covered.height; ++row) {
      const uint8_t* from = covered.Row(row);
      uint8_t* to = object_.ptr(covered.y + row, covered.x);
      for (int column = 0; column < covered.width; ++column) {
        to[column] = std::max(to[column], from[column]);
      }
    }
    box_ |= cv::Rect(covered.x, covered.y, covered.width, covered.height);
  }
  Stamp(static_cast<uint8_t>(kind + 1));
}

void Scene::Stamp(uint8_t label) {
  // Void lies outside of the object: poles and spokes of a pixel or two keep their label.
  const int border = void_border_ ? std::max(1, side_ / (128 * kPixel)) : 0;
  const cv::Rect picture(0, 0, width_, height_);
  const auto inside = [&](int x, int y) { return object_.at<uint8_t>(y, x) >= 128; };
  for (int y = box_.y; y < box_.y + box_.height; ++y) {
    for (int x = box_.x; border > 0 && x < box_.x + box_.width; ++x) {
      if (!inside(x, y)) continue;
      const bool edge = x == 0 || y == 0 || x + 1 == width_ || y + 1 == height_ ||
                        !inside(x - 1, y) || !inside(x + 1, y) || !inside(x, y - 1) ||
                        !inside(x, y + 1);
      if (!edge) continue;
      for (int i = 0; i <= border; ++i) {
        const cv::Rect across =
            cv::Rect(x - border + i, y - i, 2 * (border - i) + 1, 2 * i + 1) & picture;
        for (int row = across.y; row < across.y + across.height; ++row) {
          std::memset(label_.ptr(row, across.x), kIgnoreLabel, across.width);
        }
      }
    }
  }
  for (int y = box_.y; y < box_.y + box_.height; ++y) {
    uint8_t* covered = object_.ptr(y);
    uint8_t* out = label_.ptr(y);
    for (int x = box_.x; x < box_.x + box_.width; ++x) {
      if (covered[x] >= 128) out[x] = label;
      covered[x] = 0;
    }
  }
}

void Scene::PaintObjects(RandomStream& random) {
  struct Candidate {
    int kind;
    Placement placement;
  };
  const int wanted = Between(random, 2, 6);
  std::vector<Candidate> candidates(wanted);
  for (int i = 0; i < wanted; ++i) {
    candidates[i].kind = ChooseKind(random);
    const Kind& kind = Kinds()[candidates[i].kind];
    const int smallest = i == 0 ? 60 : i == 1 ? 45 : i == 2 ? 30 : kind.smallest;
    const int size =
        LogUniform(random, side_ / 100 * std::max(smallest, kind.smallest), side_ / 100 * 75);
    candidates[i].placement = RandomPose(kind, size, random);
  }
  // Large ones first, as they would hide small ones.
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
    return a.placement.size > b.placement.size;
  });
  std::vector<cv::Rect> taken;
  for (Candidate& candidate : candidates) {
    const Kind& kind = Kinds()[candidate.kind];
    Placement& placement = candidate.placement;
    constexpr int kTries = 16;
    for (int attempt = 1; attempt <= kTries; ++attempt) {
      if (attempt % 4 == 0) {
        placement.size = std::max(placement.size * 3 / 4, side_ / 100 * kind.smallest);
      }
      // Up to a sixth of the object may lie outside.
      const int margin = placement.size / 3;
      placement.center.x = Between(random, margin, std::max(margin, width_ * kPixel - margin));
      placement.center.y = Between(random, margin, std::max(margin, height_ * kPixel - margin));
      const cv::Rect extent = Extent(kind, placement);
      const bool free = std::all_of(taken.begin(), taken.end(), [&](const cv::Rect& other) {
        const cv::Rect common = extent & other;
        const int64_t smaller =
            std::min(int64_t{extent.width} * extent.height, int64_t{other.width} * other.height);
        return int64_t{common.width} * common.height * 4 <= smaller;
      });
      if (!free) continue;
      taken.push_back(extent);
      PaintObject(candidate.kind, placement, random);
      break;
    }
  }
}

void Scene::PaintPortrait(int kind, RandomStream& random) {
  const int size = side_ / 100 * Between(random, 55, 95);
  Placement placement = RandomPose(Kinds()[kind], size, random);
  // Only a small part may lie outside.
  const int play_x = std::max((width_ * kPixel - size) / 2, 0) + size / 16;
  const int play_y = std::max((height_ * kPixel - size) / 2, 0) + size / 16;
  placement.center.x = width_ * kPixel / 2 + Between(random, -play_x, play_x);
  placement.center.y = height_ * kPixel / 2 + Between(random, -play_y, play_y);
  PaintObject(kind, placement, random);
}

}  // namespace seglab::shapes
