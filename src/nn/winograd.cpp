#include "nn/winograd.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <vector>

#include "nn/winograd_kernels.h"

namespace seglab {
namespace {

/// Floats of a thread's points: they are written, multiplied and read again, best in its cache.
constexpr int64_t kScratch = 1 << 20;
constexpr int64_t kFewestTiles = 48;  // of a block: matrices of fewer rows are multiplied slowly

/// Where the outputs of a tile begin; they lie `dilation` apart.
struct Tile {
  int64_t image, y, x;
};

/// One convolution.
struct Work {
  int64_t height, width, out_height, out_width, in, out, padding, dilation;
  const float* input;
  const float* bias;
  float* output;
};

std::vector<Tile> Tiles(int64_t images, const Work& work) {
  std::vector<Tile> tiles;
  const int64_t step = kWinogradOut * work.dilation;
  for (int64_t n = 0; n < images; ++n) {
    for (int64_t y = 0; y < work.out_height; y += step) {
      for (int64_t dy = y; dy < std::min(y + work.dilation, work.out_height); ++dy) {
        for (int64_t x = 0; x < work.out_width; x += step) {
          for (int64_t dx = x; dx < std::min(x + work.dilation, work.out_width); ++dx)
            tiles.push_back({n, dy, dx});
        }
      }
    }
  }
  return tiles;
}

void TransformInput(const Work& work, const Tile& tile, const float* zeros, float* points,
                    int64_t stride) {
  std::array<const float*, kWinogradPoints> places;
  for (int r = 0; r < kWinogradIn; ++r) {
    const int64_t y = tile.y - work.padding + r * work.dilation;
    const float* row = work.input + ((tile.image * work.height + y) * work.width) * work.in;
    for (int c = 0; c < kWinogradIn; ++c) {
      const int64_t x = tile.x - work.padding + c * work.dilation;
      const bool inside = y >= 0 && y < work.height && x >= 0 && x < work.width;
      places[r * kWinogradIn + c] = inside ? row + x * work.in : zeros;
    }
  }
  WinogradInput(places.data(), work.in, points, stride);
}

void TransformOutput(const Work& work, const Tile& tile, const float* points, int64_t stride) {
  std::array<float*, kWinogradOut * kWinogradOut> places;
  for (int r = 0; r < kWinogradOut; ++r) {
    const int64_t y = tile.y + r * work.dilation;
    for (int c = 0; c < kWinogradOut; ++c) {
      const int64_t x = tile.x + c * work.dilation;
      places[r * kWinogradOut + c] =
          y < work.out_height && x < work.out_width
              ? work.output + ((tile.image * work.out_height + y) * work.out_width + x) * work.out
              : nullptr;
    }
  }
  WinogradOutput(points, stride, work.out, work.bias, places.data());
}

}  // namespace

bool WinogradFits(const at::Tensor& input, const at::Tensor& weight, int64_t stride,
                  int64_t groups) {
  constexpr int64_t kLanes = 16;
  return input.device().is_cpu() && input.scalar_type() == at::kFloat &&
         weight.scalar_type() == at::kFloat && stride == 1 && groups == 1 && weight.size(2) == 3 &&
         weight.size(3) == 3 && weight.size(0) % kLanes == 0 && weight.size(1) % kLanes == 0;
}

at::Tensor WinogradWeights(const at::Tensor& weight) {
  // G of F(4 x 4, 3 x 3), in double: these numbers are reused for every pixel.
  const at::Tensor g = torch::tensor({{1. / 4, 0., 0.},
                                      {-1. / 6, -1. / 6, -1. / 6},
                                      {-1. / 6, 1. / 6, -1. / 6},
                                      {1. / 24, 1. / 12, 1. / 6},
                                      {1. / 24, -1. / 12, 1. / 6},
                                      {0., 0., 1.}},
                                     at::kDouble);
  const at::Tensor points = at::matmul(at::matmul(g, weight.to(at::kDouble)), g.t());
  return points.permute({2, 3, 1, 0})
      .reshape({kWinogradPoints, weight.size(1), weight.size(0)})
      .to(at::kFloat)
      .contiguous();
}

at::Tensor WinogradConv(const at::Tensor& input, const at::Tensor& weights, const at::Tensor& bias,
                        int64_t padding, int64_t dilation) {
  const c10::InferenceMode inference;
  const at::Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
  Work work{x.size(2),           x.size(3),       0,       0,
            weights.size(1),     weights.size(2), padding, dilation,
            x.data_ptr<float>(), nullptr,         nullptr};
  work.out_height = work.height + 2 * padding - 2 * dilation;
  work.out_width = work.width + 2 * padding - 2 * dilation;
  at::Tensor out = at::empty({x.size(0), work.out, work.out_height, work.out_width}, x.options(),
                             at::MemoryFormat::ChannelsLast);
  const at::Tensor added = bias.defined() ? bias.contiguous() : at::zeros({work.out}, x.options());
  work.bias = added.data_ptr<float>();
  work.output = out.data_ptr<float>();
  const std::vector<float> zeros(static_cast<size_t>(work.in), 0.0f);
  const std::vector<Tile> tiles = Tiles(x.size(0), work);

  const auto count = static_cast<int64_t>(tiles.size());
  const int64_t fitting = kScratch / (kWinogradPoints * (work.in + work.out));
  const int64_t share = (count + at::get_num_threads() - 1) / at::get_num_threads();
  const int64_t size = std::max<int64_t>(std::min(std::max(fitting, kFewestTiles), share), 1);
  const int64_t blocks = (count + size - 1) / size;
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    const c10::InferenceMode in_this_thread;
    at::Tensor before = at::empty({kWinogradPoints, size, work.in}),
               after = at::empty({kWinogradPoints, size, work.out});
    float* points = before.data_ptr<float>();
    const float* sums = after.data_ptr<float>();
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * size, rows = std::min(size, count - first);
      for (int64_t i = 0; i < rows; ++i) {
        TransformInput(work, tiles[first + i], zeros.data(), points + i * work.in, size * work.in);
      }
      for (int64_t k = 0; k < kWinogradPoints; ++k) {
        at::Tensor product = after[k].narrow(0, 0, rows);
        at::mm_out(product, before[k].narrow(0, 0, rows), weights[k]);
      }
      for (int64_t i = 0; i < rows; ++i)
        TransformOutput(work, tiles[first + i], sums + i * work.out, size * work.out);
    }
  });
  return out;
}

}  // namespace seglab
