#include "published_crf.h"

#include <algorithm>
#include <cmath>

namespace seglab {
namespace {

/// Coordinates to numbers, open addressing.
class CoordinateTable {
 public:
  CoordinateTable(int length, int expected) : length_(length), slots_(2 * expected, -1) {
    keys_.reserve(static_cast<size_t>(expected / 2 * length));
  }

  int Find(const short* key, bool add) {
    size_t slot = 0;
    for (int i = 0; i < length_; ++i) slot = (slot + static_cast<size_t>(key[i])) * 1664525;
    for (slot %= slots_.size();; slot = slot + 1 == slots_.size() ? 0 : slot + 1) {
      const int found = slots_[slot];
      if (found < 0) {
        if (!add) return -1;
        keys_.insert(keys_.end(), key, key + length_);
        return slots_[slot] = count_++;
      }
      if (std::equal(key, key + length_, Key(found))) return found;
    }
  }

  const short* Key(int number) const {
    return keys_.data() + static_cast<size_t>(number * length_);
  }
  int count() const { return count_; }

 private:
  int length_;
  int count_ = 0;
  std::vector<int> slots_;
  std::vector<short> keys_;
};

}  // namespace

PublishedCrf::PublishedCrf(const CrfOptions& options, const uint8_t* image, int height, int width,
                           const float* unary, int labels)
    : pixels_(height * width), labels_(labels) {
  const auto n = static_cast<size_t>(pixels_);
  unary_.resize(n * static_cast<size_t>(labels));
  for (int l = 0; l < labels; ++l) {
    for (int p = 0; p < pixels_; ++p)
      unary_[static_cast<size_t>(p * labels + l)] = unary[l * pixels_ + p];
  }
  std::vector<std::vector<float>> bilateral(5, std::vector<float>(n)),
      gaussian(2, std::vector<float>(n));
  for (int p = 0; p < pixels_; ++p) {
    const auto at = static_cast<size_t>(p);
    const auto x = static_cast<float>(p % width), y = static_cast<float>(p / width);
    bilateral[0][at] = x / static_cast<float>(options.bilateral_sigma_xy);
    bilateral[1][at] = y / static_cast<float>(options.bilateral_sigma_xy);
    for (size_t c = 0; c < 3; ++c) {
      bilateral[2 + c][at] =
          static_cast<float>(image[3 * at + c]) / static_cast<float>(options.bilateral_sigma_rgb);
    }
    gaussian[0][at] = x / static_cast<float>(options.gaussian_sigma_xy);
    gaussian[1][at] = y / static_cast<float>(options.gaussian_sigma_xy);
  }
  if (options.bilateral_weight > 0) {
    kernels_.push_back(Build(bilateral, static_cast<float>(options.bilateral_weight), pixels_));
  }
  if (options.gaussian_weight > 0) {
    kernels_.push_back(Build(gaussian, static_cast<float>(options.gaussian_weight), pixels_));
  }
  q_.resize(unary_.size());
  for (size_t i = 0; i < q_.size(); ++i) q_[i] = -unary_[i];
  Softmax(q_);
}

PublishedCrf::Kernel PublishedCrf::Build(const std::vector<std::vector<float>>& features,
                                         float weight, int pixels) {
  const auto d = static_cast<int>(features.size());
  Kernel kernel;
  kernel.dimensions = d;
  kernel.weight = weight;
  kernel.corner.resize(static_cast<size_t>(pixels * (d + 1)));
  kernel.barycentric.resize(kernel.corner.size());
  CoordinateTable table(d, pixels * (d + 1));
  std::vector<float> scale, elevated(static_cast<size_t>(d) + 1), b(static_cast<size_t>(d) + 2);
  std::vector<int> rest(static_cast<size_t>(d) + 1), rank(rest);
  std::vector<short> key(static_cast<size_t>(d) + 1);
  for (int i = 0; i < d; ++i) {
    scale.push_back(
        static_cast<float>(std::sqrt(2.0 / 3) * (d + 1) / std::sqrt((i + 1.0) * (i + 2))));
  }
  for (int p = 0; p < pixels; ++p) {
    float sum = 0;
    for (int j = d; j > 0; --j) {
      const float f = features[static_cast<size_t>(j - 1)][static_cast<size_t>(p)] *
                      scale[static_cast<size_t>(j - 1)];
      elevated[static_cast<size_t>(j)] = sum - static_cast<float>(j) * f;
      sum += f;
    }
    elevated[0] = sum;
    int off = 0;
    for (size_t i = 0; i < rest.size(); ++i) {
      const float parts = elevated[i] / static_cast<float>(d + 1);
      const float up = std::ceil(parts) * static_cast<float>(d + 1);
      const float down = std::floor(parts) * static_cast<float>(d + 1);
      rest[i] = static_cast<int>(up - elevated[i] < elevated[i] - down ? up : down);
      off += rest[i] / (d + 1);
      rank[i] = 0;
    }
    for (size_t i = 0; i < rest.size(); ++i) {
      for (size_t j = i + 1; j < rest.size(); ++j) {
        const bool less =
            elevated[i] - static_cast<float>(rest[i]) < elevated[j] - static_cast<float>(rest[j]);
        ++rank[less ? i : j];
      }
    }
    std::fill(b.begin(), b.end(), 0.0f);
    for (size_t i = 0; i < rest.size(); ++i) {
      rank[i] += off;
      if (rank[i] < 0) {
        rank[i] += d + 1;
        rest[i] += d + 1;
      } else if (rank[i] > d) {
        rank[i] -= d + 1;
        rest[i] -= d + 1;
      }
      const float beyond = (elevated[i] - static_cast<float>(rest[i])) / static_cast<float>(d + 1);
      b[static_cast<size_t>(d - rank[i])] += beyond;
      b[static_cast<size_t>(d + 1 - rank[i])] -= beyond;
    }
    b[0] += 1 + b[static_cast<size_t>(d) + 1];
    for (int r = 0; r <= d; ++r) {
      for (size_t i = 0; i < static_cast<size_t>(d); ++i) {
        key[i] = static_cast<short>(rest[i] + (rank[i] <= d - r ? r : r - (d + 1)));
      }
      const auto at = static_cast<size_t>(p * (d + 1) + r);
      kernel.corner[at] = table.Find(key.data(), true);
      kernel.barycentric[at] = b[static_cast<size_t>(r)];
    }
  }
  kernel.points = table.count();
  kernel.before.resize(static_cast<size_t>(kernel.points * (d + 1)));
  kernel.after.resize(kernel.before.size());
  std::vector<short> near(static_cast<size_t>(d) + 1);
  for (int axis = 0; axis <= d; ++axis) {
    for (int point = 0; point < kernel.points; ++point) {
      const short* at = table.Key(point);
      for (int sign : {-1, 1}) {
        for (int i = 0; i < d; ++i) {
          near[static_cast<size_t>(i)] = static_cast<short>(at[i] + sign * (i == axis ? -d : 1));
        }
        (sign < 0 ? kernel.before
                  : kernel.after)[static_cast<size_t>(axis * kernel.points + point)] =
            table.Find(near.data(), false);
      }
    }
  }
  const std::vector<float> ones(static_cast<size_t>(pixels), 1.0f);
  kernel.norm = Filter(kernel, ones, 1, pixels);
  for (float& norm : kernel.norm) norm = 1 / std::sqrt(norm + 1e-20f);
  return kernel;
}

std::vector<float> PublishedCrf::Filter(const Kernel& kernel, const std::vector<float>& in,
                                        int channels, int pixels) {
  const int corners = kernel.dimensions + 1;
  std::vector<float> values(static_cast<size_t>((kernel.points + 1) * channels), 0.0f),
      blurred(values);
  // Row 0 stands for neighbours that are not there.
  const auto row = [channels](std::vector<float>& v, int point) {
    return v.data() + static_cast<size_t>(point + 1) * static_cast<size_t>(channels);
  };
  for (int p = 0; p < pixels; ++p) {
    const float* from = in.data() + static_cast<size_t>(p) * static_cast<size_t>(channels);
    for (int r = 0; r < corners; ++r) {
      const auto at = static_cast<size_t>(p * corners + r);
      float* to = row(values, kernel.corner[at]);
      const float w = kernel.barycentric[at];
      for (int c = 0; c < channels; ++c) to[c] += w * from[c];
    }
  }
  for (int axis = 0; axis < corners; ++axis) {
    for (int point = 0; point < kernel.points; ++point) {
      const auto at = static_cast<size_t>(axis * kernel.points + point);
      const float* here = row(values, point);
      const float* before = row(values, kernel.before[at]);
      const float* after = row(values, kernel.after[at]);
      float* to = row(blurred, point);
      for (int c = 0; c < channels; ++c) to[c] = here[c] + 0.5f * (before[c] + after[c]);
    }
    values.swap(blurred);
  }
  const float alpha = 1.0f / (1 + std::pow(2.0f, static_cast<float>(-kernel.dimensions)));
  std::vector<float> out(in.size(), 0.0f);
  for (int p = 0; p < pixels; ++p) {
    float* to = out.data() + static_cast<size_t>(p) * static_cast<size_t>(channels);
    for (int r = 0; r < corners; ++r) {
      const auto at = static_cast<size_t>(p * corners + r);
      const float* from = row(values, kernel.corner[at]);
      const float w = alpha * kernel.barycentric[at];
      for (int c = 0; c < channels; ++c) to[c] += w * from[c];
    }
  }
  return out;
}

void PublishedCrf::Softmax(std::vector<float>& x) const {
  for (int p = 0; p < pixels_; ++p) {
    float* row = x.data() + static_cast<size_t>(p) * static_cast<size_t>(labels_);
    const float most = *std::max_element(row, row + labels_);
    float sum = 0;
    for (int l = 0; l < labels_; ++l) sum += row[l] = std::exp(row[l] - most);
    for (int l = 0; l < labels_; ++l) row[l] /= sum;
  }
}

void PublishedCrf::Step(int iterations) {
  for (int i = 0; i < iterations; ++i) {
    std::vector<float> next(unary_.size());
    for (size_t j = 0; j < next.size(); ++j) next[j] = -unary_[j];
    for (const Kernel& kernel : kernels_) {
      std::vector<float> scaled(q_);
      const auto by_norm = [&](std::vector<float>& x) {
        for (size_t j = 0; j < x.size(); ++j) x[j] *= kernel.norm[j / static_cast<size_t>(labels_)];
      };
      by_norm(scaled);
      std::vector<float> message = Filter(kernel, scaled, labels_, pixels_);
      by_norm(message);
      for (size_t j = 0; j < next.size(); ++j) next[j] += kernel.weight * message[j];
    }
    q_ = std::move(next);
    Softmax(q_);
  }
}

std::vector<int32_t> PublishedCrf::Map() const {
  std::vector<int32_t> map;
  for (int p = 0; p < pixels_; ++p) {
    const float* row = q_.data() + static_cast<size_t>(p) * static_cast<size_t>(labels_);
    map.push_back(static_cast<int32_t>(std::max_element(row, row + labels_) - row));
  }
  return map;
}

}  // namespace seglab
