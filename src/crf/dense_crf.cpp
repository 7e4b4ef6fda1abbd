#include "crf/dense_crf.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/memory.h"

namespace seglab {

namespace {

// Pixels of a tile share most of the lattice's points, whose values then lie in the core's cache.
constexpr int64_t kTile = 64;
// Corners of simplices and points of lattices are counted in 31 bits.
constexpr int64_t kMostPixels = (int64_t{1} << 30) / 6;

/// Where the pixels of a height x width image stand, tile by tile.
std::vector<uint32_t> TileOrder(int64_t height, int64_t width) {
  std::vector<uint32_t> order;
  order.reserve(static_cast<size_t>(height * width));
  for (int64_t top = 0; top < height; top += kTile) {
    for (int64_t left = 0; left < width; left += kTile) {
      for (int64_t y = top; y < std::min(top + kTile, height); ++y) {
        for (int64_t x = left; x < std::min(left + kTile, width); ++x) {
          order.push_back(static_cast<uint32_t>(y * width + x));
        }
      }
    }
  }
  return order;
}

}  // namespace

DenseCrf::DenseCrf(CrfOptions options, int threads, const std::string& where)
    : options_(std::move(options)), where_(where), field_(threads) {
  options_.Check(where_);
}

void DenseCrf::CheckMemory(int64_t height, int64_t width, int labels, double need,
                           const std::string& where) {
  if (need <= granted_) return;
  const double free = AvailableMemory();
  if (need <= free) {
    granted_ = need;
    return;
  }
  throw Error(where, ": a dense CRF of ", height, " x ", width, " pixels and ", labels,
              " labels needs ", FormatBytes(static_cast<int64_t>(need)), " of memory, ",
              FormatBytes(static_cast<int64_t>(free)),
              " are free; make the image smaller, or cut it into pieces");
}

void DenseCrf::CheckSize(int64_t height, int64_t width, int labels,
                         const std::string& where) const {
  if (height < 1 || width < 1) {
    throw Error(where, ": is of an image of ", height, " x ", width, " pixels; there must be one");
  }
  if (labels < 2) {
    throw Error(where, ": has ", labels, labels == 1 ? " label" : " labels",
                "; a CRF chooses between 2 or more");
  }
  if (!options_.compatibility.empty() &&
      options_.compatibility.size() != static_cast<size_t>(labels)) {
    throw Error(where_, ".compatibility: is for ", options_.compatibility.size(), " labels; ",
                where, " has ", labels);
  }
  if (height * width > kMostPixels) {
    throw Error(where, ": is of an image of ", height, " x ", width, " pixels, a dense CRF takes ",
                FormatGrouped(kMostPixels),
                " at most; make the image smaller, or cut it into pieces");
  }
  const auto edge = static_cast<float>(std::max(height, width));
  const auto fits = [&](double sigma_xy, double sigma_rgb) {
    const float xy = edge / static_cast<float>(sigma_xy);
    const float rgb = 255 / static_cast<float>(sigma_rgb);
    const std::array<float, 5> most = {xy, xy, rgb, rgb, rgb};
    const std::array<float, 5> least = {};
    const size_t d = sigma_rgb > 0 ? 5 : 2;
    return Lattice::Fits({least.data(), d}, {most.data(), d});
  };
  if (options_.bilateral_weight > 0 &&
      !fits(options_.bilateral_sigma_xy, options_.bilateral_sigma_rgb)) {
    throw Error(where_, ": bilateral_sigma_xy ", options_.bilateral_sigma_xy,
                " and bilateral_sigma_rgb ", options_.bilateral_sigma_rgb,
                " are too small for an image of ", height, " x ", width, " pixels");
  }
  if (options_.gaussian_weight > 0 && !fits(options_.gaussian_sigma_xy, 0)) {
    throw Error(where_, ": gaussian_sigma_xy ", options_.gaussian_sigma_xy,
                " is too small for an image of ", height, " x ", width, " pixels");
  }
}

std::vector<CrfKernel> DenseCrf::Features(const uint8_t* image, int64_t width,
                                          const std::vector<uint32_t>& order) {
  const bool bilateral = options_.bilateral_weight > 0;
  const bool gaussian = options_.gaussian_weight > 0;
  planes_.resize(7);
  std::array<float*, 7> out{};
  for (size_t i = 0; i < 7; ++i) {
    if (!(i < 5 ? bilateral : gaussian)) continue;
    Reserve(planes_[i], order.size());
    out[i] = planes_[i].data();
  }
  const auto columns = static_cast<uint32_t>(width);
  const float near = 1 / static_cast<float>(options_.bilateral_sigma_xy);
  const float color = 1 / static_cast<float>(options_.bilateral_sigma_rgb);
  const float nearer = 1 / static_cast<float>(options_.gaussian_sigma_xy);
  RunTeam(field_.threads(), [&](Member& member) {
    const auto [first, last] = member.Share(static_cast<int64_t>(order.size()), 64);
    for (auto i = static_cast<size_t>(first); i < static_cast<size_t>(last); ++i) {
      const auto x = static_cast<float>(order[i] % columns);
      const auto y = static_cast<float>(order[i] / columns);
      if (bilateral) {
        out[0][i] = x * near;
        out[1][i] = y * near;
        const uint8_t* pixel = image + size_t{3} * order[i];
        for (size_t c = 0; c < 3; ++c) out[2 + c][i] = static_cast<float>(pixel[c]) * color;
      }
      if (gaussian) {
        out[5][i] = x * nearer;
        out[6][i] = y * nearer;
      }
    }
  });
  std::vector<CrfKernel> kernels;
  if (bilateral) {
    kernels.push_back(
        {{out.begin(), out.begin() + 5}, options_.bilateral_weight, options_.normalisation});
  }
  if (gaussian) {
    kernels.push_back(
        {{out.begin() + 5, out.end()}, options_.gaussian_weight, options_.normalisation});
  }
  return kernels;
}

void DenseCrf::SetImage(const uint8_t* image, int64_t height, int64_t width, const float* unary,
                        int labels, float factor, const std::string& where) {
  CheckSize(height, width, labels, where);
  std::vector<int> dimensions;
  if (options_.bilateral_weight > 0) dimensions.push_back(5);
  if (options_.gaussian_weight > 0) dimensions.push_back(2);
  const int64_t n = height * width;
  CheckMemory(height, width, labels,
              MeanField::BytesBefore(static_cast<double>(n), labels, dimensions), where);
  std::vector<uint32_t> order = TileOrder(height, width);
  const std::vector<CrfKernel> kernels = Features(image, width, order);
  field_.SetKernels(n, kernels, std::move(order));
  CheckMemory(height, width, labels, field_.ValueBytes(labels), where);
  if (!field_.SetUnary(unary, labels, factor)) {
    throw Error(where,
                ": holds a value that is not a number, or infinitely likely; each must be the cost "
                "of a label, as -log of its probability");
  }
  std::vector<float> costs;
  for (const std::vector<double>& row : options_.compatibility) {
    for (double cost : row) costs.push_back(static_cast<float>(cost));
  }
  field_.SetCompatibility(costs);
  field_.Start();
}

}  // namespace seglab
