#include "nn/winograd.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <memory>
#include <vector>

#include "nn/onednn.h"
#include "nn/winograd_kernels.h"

namespace seglab {
namespace {

/// Floats of a thread's points: they are written, multiplied and read again, best in its cache.
constexpr int64_t kScratch = 1 << 20;
constexpr int64_t kFewestTiles = 192;  // of a block: matrices of fewer rows are multiplied slowly
/// Floats of all points of a block where weights' gradients are summed up.
constexpr int64_t kGradientScratch = 1 << 25;

/// Where the outputs of a tile begin; they lie `dilation` apart.
struct Tile {
  int64_t image, y, x;
};

/// One convolution's sizes.
struct Sizes {
  int64_t images, height, width, out_height, out_width, in, out, padding, dilation;
};

Sizes SizesOf(const at::Tensor& input, int64_t out, int64_t padding, int64_t dilation) {
  Sizes s{input.size(0), input.size(2), input.size(3), 0, 0, input.size(1), out, padding, dilation};
  s.out_height = s.height + 2 * padding - 2 * dilation;
  s.out_width = s.width + 2 * padding - 2 * dilation;
  return s;
}

std::vector<Tile> Tiles(const Sizes& sizes) {
  std::vector<Tile> tiles;
  const int64_t step = kWinogradOut * sizes.dilation;
  for (int64_t n = 0; n < sizes.images; ++n) {
    for (int64_t y = 0; y < sizes.out_height; y += step) {
      for (int64_t dy = y; dy < std::min(y + sizes.dilation, sizes.out_height); ++dy) {
        for (int64_t x = 0; x < sizes.out_width; x += step) {
          for (int64_t dx = x; dx < std::min(x + sizes.dilation, sizes.out_width); ++dx)
            tiles.push_back({n, dy, dx});
        }
      }
    }
  }
  return tiles;
}

/// Memory of one block's points. Not a tensor: threads of LibTorch's pool take it too.
class Scratch {
 public:
  explicit Scratch(int64_t floats) : data_(new float[static_cast<size_t>(floats)]) {}
  float* get() { return data_.get(); }

 private:
  std::unique_ptr<float[]> data_;
};

void TransformInput(const Sizes& sizes, const float* input, const Tile& tile, const float* zeros,
                    float* points, int64_t stride) {
  std::array<const float*, kWinogradPoints> places;
  for (int r = 0; r < kWinogradIn; ++r) {
    const int64_t y = tile.y - sizes.padding + r * sizes.dilation;
    const float* row = input + ((tile.image * sizes.height + y) * sizes.width) * sizes.in;
    for (int c = 0; c < kWinogradIn; ++c) {
      const int64_t x = tile.x - sizes.padding + c * sizes.dilation;
      const bool inside = y >= 0 && y < sizes.height && x >= 0 && x < sizes.width;
      places[r * kWinogradIn + c] = inside ? row + x * sizes.in : zeros;
    }
  }
  WinogradInput(places.data(), sizes.in, points, stride);
}

/// Where a tile's outputs lie; `outside` where the map has none.
template <typename Float>
std::array<Float*, kWinogradOut * kWinogradOut> OutputPlaces(const Sizes& sizes, Float* output,
                                                             const Tile& tile, Float* outside) {
  std::array<Float*, kWinogradOut * kWinogradOut> places;
  for (int r = 0; r < kWinogradOut; ++r) {
    const int64_t y = tile.y + r * sizes.dilation;
    for (int c = 0; c < kWinogradOut; ++c) {
      const int64_t x = tile.x + c * sizes.dilation;
      const bool inside = y < sizes.out_height && x < sizes.out_width;
      const int64_t pixel = (tile.image * sizes.out_height + y) * sizes.out_width + x;
      places[r * kWinogradOut + c] = inside ? output + pixel * sizes.out : outside;
    }
  }
  return places;
}

/// G of F(4 x 4, 3 x 3) for rows and columns at once: (36, 9).
const at::Tensor& WindowTransform() {
  static const at::Tensor both = [] {
    const at::Tensor g = torch::tensor({{1. / 4, 0., 0.},
                                        {-1. / 6, -1. / 6, -1. / 6},
                                        {-1. / 6, 1. / 6, -1. / 6},
                                        {1. / 24, 1. / 12, 1. / 6},
                                        {1. / 24, -1. / 12, 1. / 6},
                                        {0., 0., 1.}},
                                       at::kDouble);
    return at::kron(g, g).to(at::kFloat);
  }();
  return both;
}

}  // namespace

bool WinogradFits(const at::Tensor& input, const at::Tensor& weight, int64_t stride,
                  int64_t groups) {
  constexpr int64_t kLanes = 16;
  return input.device().is_cpu() && input.scalar_type() == at::kFloat && input.dim() == 4 &&
         input.size(1) == weight.size(1) && weight.scalar_type() == at::kFloat && stride == 1 &&
         groups == 1 && weight.size(2) == 3 && weight.size(3) == 3 &&
         weight.size(0) % kLanes == 0 && weight.size(1) % kLanes == 0;
}

at::Tensor WinogradWeights(const at::Tensor& weight) {
  const torch::NoGradGuard no_grad;
  const at::Tensor nine = weight.detach().permute({2, 3, 1, 0}).contiguous().view({9, -1});
  return at::mm(WindowTransform(), nine).view({kWinogradPoints, weight.size(1), weight.size(0)});
}

at::Tensor WinogradConv(const at::Tensor& input, const at::Tensor& weights, const at::Tensor& bias,
                        int64_t padding, int64_t dilation, Activation activation) {
  const torch::NoGradGuard no_grad;
  const at::Tensor x = input.detach().contiguous(at::MemoryFormat::ChannelsLast);
  const Sizes sizes = SizesOf(x, weights.size(2), padding, dilation);
  at::Tensor out = at::empty({sizes.images, sizes.out, sizes.out_height, sizes.out_width},
                             x.options(), at::MemoryFormat::ChannelsLast);
  const at::Tensor added =
      bias.defined() ? bias.detach().contiguous() : at::zeros({sizes.out}, x.options());
  const float* from = x.data_ptr<float>();
  const float* biases = added.data_ptr<float>();
  const float* window = weights.data_ptr<float>();
  float* to = out.data_ptr<float>();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float low = activation == Activation::kNone ? -kInfinity : 0;
  const float high = activation == Activation::kRelu6 ? 6 : kInfinity;
  const std::vector<float> zeros(static_cast<size_t>(sizes.in), 0.0f);
  const std::vector<Tile> tiles = Tiles(sizes);

  const auto count = static_cast<int64_t>(tiles.size());
  const int64_t fitting = kScratch / (kWinogradPoints * (sizes.in + sizes.out));
  const int64_t share = (count + at::get_num_threads() - 1) / at::get_num_threads();
  const int64_t size = std::max<int64_t>(std::min(std::max(fitting, kFewestTiles), share), 1);
  const int64_t blocks = (count + size - 1) / size;
  // Whoever is free takes the next: threads of a shared machine are not equally fast.
  std::atomic<int64_t> next = 0;
  at::parallel_for(0, std::min<int64_t>(blocks, at::get_num_threads()), 1, [&](int64_t, int64_t) {
    Scratch before(kWinogradPoints * size * sizes.in), after(kWinogradPoints * size * sizes.out);
    for (int64_t block = next++; block < blocks; block = next++) {
      const int64_t first = block * size, rows = std::min(size, count - first);
      for (int64_t i = 0; i < rows; ++i) {
        TransformInput(sizes, from, tiles[first + i], zeros.data(), before.get() + i * sizes.in,
                       size * sizes.in);
      }
      MultiplyBatch(kWinogradPoints, rows, sizes.out, sizes.in,
                    {before.get(), size * sizes.in, sizes.in, 1},
                    {window, sizes.in * sizes.out, sizes.out, 1}, after.get(), size * sizes.out,
                    /*accumulate=*/false);
      for (int64_t i = 0; i < rows; ++i) {
        const auto places = OutputPlaces<float>(sizes, to, tiles[first + i], nullptr);
        WinogradOutput(after.get() + i * sizes.out, size * sizes.out, sizes.out, biases, low, high,
                       places.data());
      }
    }
  });
  return out;
}

at::Tensor WinogradWeightGradient(const at::Tensor& input, const at::Tensor& gradient,
                                  int64_t padding, int64_t dilation) {
  const torch::NoGradGuard no_grad;
  const at::Tensor x = input.detach().contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor g = gradient.detach().contiguous(at::MemoryFormat::ChannelsLast);
  const Sizes sizes = SizesOf(x, g.size(1), padding, dilation);
  const float* from = x.data_ptr<float>();
  const float* slopes = g.data_ptr<float>();
  const std::vector<float> zeros(static_cast<size_t>(std::max(sizes.in, sizes.out)), 0.0f);
  const std::vector<Tile> tiles = Tiles(sizes);
  const auto count = static_cast<int64_t>(tiles.size());
  if (count == 0) return at::zeros({sizes.out, sizes.in, 3, 3}, x.options());
  const int64_t fitting = kGradientScratch / (kWinogradPoints * (sizes.in + sizes.out));
  const int64_t size = std::min(std::max(fitting, kFewestTiles), count);

  // Blocks one after the other, so that sums do not depend on the number of threads.
  at::Tensor points = at::empty({kWinogradPoints, sizes.in, sizes.out}, x.options());
  Scratch inputs(kWinogradPoints * size * sizes.in), outputs(kWinogradPoints * size * sizes.out);
  for (int64_t first = 0; first < count; first += size) {
    const int64_t rows = std::min(size, count - first);
    at::parallel_for(0, rows, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const Tile& tile = tiles[first + i];
        TransformInput(sizes, from, tile, zeros.data(), inputs.get() + i * sizes.in,
                       size * sizes.in);
        const auto places = OutputPlaces<const float>(sizes, slopes, tile, zeros.data());
        WinogradGradient(places.data(), sizes.out, outputs.get() + i * sizes.out, size * sizes.out);
      }
    });
    MultiplyBatch(kWinogradPoints, sizes.in, sizes.out, rows,
                  {inputs.get(), size * sizes.in, 1, sizes.in},
                  {outputs.get(), size * sizes.out, sizes.out, 1}, points.data_ptr<float>(),
                  sizes.in * sizes.out, /*accumulate=*/first > 0);
  }
  return at::mm(WindowTransform().t(), points.view({kWinogradPoints, -1}))
      .view({3, 3, sizes.in, sizes.out})
      .permute({3, 2, 0, 1})
      .contiguous();
}

}  // namespace seglab
