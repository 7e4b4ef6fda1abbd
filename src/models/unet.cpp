// U-Net.
//   O. Ronneberger, P. Fischer, T. Brox, "U-Net: Convolutional Networks for Biomedical Image
//   Segmentation", MICCAI 2015, arXiv:1505.04597, figure 1.
//
//   image -> 64 64 ---------------------------------------> [64 | 64] 64 64 -> score
//              pool                                          up
//            128 128 --------------------> [128 | 128] 128 128
//              pool                         up
//               256 256, 512 512 likewise, 1024 1024 at the bottom
//
//   numbers: 3x3 convolutions with ReLU; pool: 2x2 maxima; up: transposed convolution 2x2 of stride
//   2 to half the channels; [a | b]: the encoder's map beside the upsampled one; score: 1x1
//
// Deviations:
//   - "same" geometry (not in the paper): padded convolutions, any image size without mirroring;
//   - `width`, `levels`, `batch_norm` and other ways of upsampling (a 1x1 convolution to half the
//     channels, then the upsampling) are ours; as published are geometry "published", width 1,
//     levels 5, in_channels 1 and 2 classes: 31,030,658 parameters, 572 -> 388 pixels;
//   - dropout stands behind the two deepest levels; the paper says "at the end of the contracting
//     path", and not how much.

#include "models/unet.h"

#include <torch/torch.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "models/backbones/layers.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "nn/layer_tap.h"
#include "nn/mirror.h"
#include "nn/option_checks.h"
#include "nn/sequential.h"
#include "nn/transposed_conv.h"
#include "tensor/state.h"

namespace seglab {
namespace {

namespace nn = torch::nn;

/// The middle of a map.
at::Tensor Center(const at::Tensor& map, int64_t height, int64_t width) {
  return map.narrow(2, (map.size(2) - height) / 2, height)
      .narrow(3, (map.size(3) - width) / 2, width);
}

/// Half the channels at twice the size.
class UpConvImpl : public nn::Module {
 public:
  UpConvImpl(int64_t in, UpsamplingKind kind) {
    if (kind == UpsamplingKind::kTransposed) {
      transposed_ = register_module(
          "up", TransposedConv2d(nn::ConvTranspose2dOptions(in, in / 2, 2).stride(2)));
      transposed_->InitHe();
      return;
    }
    reduce_ = register_module("reduce", FastConv2d(nn::Conv2dOptions(in, in / 2, 1)));
    upsampling_ = register_module("up", Upsampling(UpsamplingOptions{kind, in / 2}));
  }

  at::Tensor forward(const at::Tensor& x, const BeforePool& to) {
    if (!transposed_) return Forward(upsampling_, Forward(reduce_, x), to);
    const at::Tensor y = Forward(transposed_, x);
    return y.slice(2, 0, to.height).slice(3, 0, to.width);
  }

 private:
  TransposedConv2d transposed_{nullptr};
  FastConv2d reduce_{nullptr};
  Upsampling upsampling_{nullptr};
};
TORCH_MODULE(UpConv);

class Unet : public SegModel {
 public:
  Unet(const UnetOptions& options, int classes) : options_(options) {
    int64_t in = options.in_channels;
    const int64_t first = ScaledChannels(64, options.width);
    for (int64_t level = 0; level < options.levels; ++level) {
      const int64_t out = first << level;
      down_.push_back(register_module("down" + std::to_string(level + 1), Pair(in, out)));
      in = out;
    }
    for (int64_t level = options.levels - 1; level > 0; --level) {
      const int64_t out = first << (level - 1);
      const std::string number = std::to_string(level);
      up_.push_back(register_module("upconv" + number, UpConv(2 * out, options.upsampling)));
      merged_.push_back(register_module("up" + number, Pair(2 * out, out)));
      in = out;
    }
    score_ = register_module("score", FastConv2d(nn::Conv2dOptions(in, classes, 1)));
    // The paper's N(0, sqrt(2 / N)), N the inputs of a cell.
    InitHe(*this);
  }

  SegOutput forward(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "unet input");
    const at::Tensor x = options_.in_channels == 1 ? image.mean(1, /*keepdim=*/true) : image;
    if (options_.geometry == UnetGeometry::kSame) return {Scores(x)};
    const int64_t height = image.size(2), width = image.size(3);
    const bool whole =
        is_training() || options_.tile == 0 || (height <= options_.tile && width <= options_.tile);
    return {whole ? WholeScores(x) : TiledScores(x)};
  }

  at::Tensor Features(const at::Tensor& image) override {
    CheckShape(image, {-1, 3, -1, -1}, "unet input");
    at::Tensor x = options_.in_channels == 1 ? image.mean(1, /*keepdim=*/true) : image;
    if (options_.geometry == UnetGeometry::kPublished)
      x = Surrounded(x, 0, x.size(2), 0, x.size(3));
    return Encode(x).back().values;
  }

  int64_t Tile() const override { return options_.tile; }

  NetworkTraits Traits() const override {
    NetworkTraits traits;
    if (options_.geometry == UnetGeometry::kPublished) traits["geometry"] = "published";
    if (options_.upsampling != UpsamplingKind::kTransposed)
      traits["upsampling"] = UpsamplingName(options_.upsampling);
    return traits;
  }

 private:
  /// What the way back needs of a level.
  struct Level {
    at::Tensor values, indices;
  };

  TensorSequential Pair(int64_t in, int64_t out) const {
    const int64_t padding = options_.geometry == UnetGeometry::kSame ? 1 : 0;
    TensorSequential pair;
    for (int64_t from : {in, out}) {
      pair->push_back(
          FastConv2d(nn::Conv2dOptions(from, out, 3).padding(padding).bias(!options_.batch_norm)));
      if (options_.batch_norm) pair->push_back(BatchNorm2d(out));
      pair->push_back(nn::ReLU(nn::ReLUOptions(true)));
    }
    return pair;
  }

  std::vector<Level> Encode(at::Tensor x) {
    const bool unpools = options_.upsampling == UpsamplingKind::kMaxUnpooling;
    std::vector<Level> levels;
    for (size_t i = 0; i < down_.size(); ++i) {
      Level level{Forward(down_[i], x), {}};
      if (i + 2 >= down_.size())
        level.values = at::dropout(level.values, options_.dropout, is_training());
      if (i + 1 < down_.size()) {
        if (unpools) {
          std::tie(x, level.indices) = at::max_pool2d_with_indices(level.values, 2, 2, 0, 1, true);
        } else {
          x = at::max_pool2d(level.values, 2, 2, 0, 1, /*ceil_mode=*/true);
        }
      }
      levels.push_back(level);
    }
    return levels;
  }

  at::Tensor Scores(const at::Tensor& image) {
    const std::vector<Level> levels = Encode(image);
    at::Tensor x = levels.back().values;
    for (size_t i = 0; i < up_.size(); ++i) {
      const Level& level = levels[levels.size() - 2 - i];
      const bool same = options_.geometry == UnetGeometry::kSame;
      // Unpadded, the map that is unpooled has shrunk since, and is twice its size.
      const BeforePool to = {same ? level.values.size(2) : 2 * x.size(2),
                             same ? level.values.size(3) : 2 * x.size(3), level.indices};
      const at::Tensor upsampled = Forward(up_[i], x, to);
      const at::Tensor skipped = Center(level.values, to.height, to.width);
      x = Forward(merged_[i], at::cat({skipped, upsampled}, 1));
    }
    return Forward(score_, x);
  }

  /// A part of the image with all that the scores of its pixels depend on.
  at::Tensor Surrounded(const at::Tensor& image, int64_t top, int64_t rows, int64_t left,
                        int64_t columns) const {
    const auto side = [&](const at::Tensor& map, int64_t dim, int64_t begin, int64_t length) {
      const UnetSizes sizes = PublishedUnetSizes(options_.levels, length);
      const int64_t context = (sizes.input - sizes.output) / 2;
      const int64_t first = begin - context, last = first + sizes.input;
      const int64_t from = std::max<int64_t>(first, 0), to = std::min(last, map.size(dim));
      // Mirrors stand at the image's border, so what is cut there must not be the part's.
      if (first >= 0 && last <= map.size(dim)) return map.narrow(dim, first, sizes.input);
      const at::Tensor padded = dim == 2 ? MirrorPad(map, from - first, last - to, 0, 0)
                                         : MirrorPad(map, 0, 0, from - first, last - to);
      return padded.narrow(dim, first + (from - first), sizes.input);
    };
    return side(side(image, 2, top, rows), 3, left, columns);
  }

  at::Tensor WholeScores(const at::Tensor& image) {
    const int64_t height = image.size(2), width = image.size(3);
    return Scores(Surrounded(image, 0, height, 0, width)).slice(2, 0, height).slice(3, 0, width);
  }

  /// Tiles begin where the pools of the image as a whole do, so that no score differs.
  at::Tensor TiledScores(const at::Tensor& image) {
    const int64_t height = image.size(2), width = image.size(3);
    const int64_t cell = int64_t{1} << (options_.levels - 1);
    const int64_t step = std::max(options_.tile / cell * cell, cell);
    at::Tensor scores;
    for (int64_t top = 0; top < height; top += step) {
      const int64_t rows = std::min(step, height - top);
      for (int64_t left = 0; left < width; left += step) {
        const int64_t columns = std::min(step, width - left);
        const at::Tensor tile = Scores(Surrounded(image, top, rows, left, columns))
                                    .slice(2, 0, rows)
                                    .slice(3, 0, columns);
        if (!scores.defined())
          scores = at::empty({image.size(0), tile.size(1), height, width}, tile.options());
        scores.narrow(2, top, rows).narrow(3, left, columns).copy_(tile);
      }
    }
    return scores;
  }

  UnetOptions options_;
  std::vector<TensorSequential> down_, merged_;
  std::vector<UpConv> up_;
  FastConv2d score_{nullptr};
};

}  // namespace

UnetSizes PublishedUnetSizes(int64_t levels, int64_t side) {
  for (int64_t bottom = 5;; ++bottom) {  // rows of the deepest level before its convolutions
    UnetSizes sizes{bottom, bottom - 4};
    for (int64_t level = 1; level < levels; ++level) {
      sizes.input = 2 * sizes.input + 4;
      sizes.output = 2 * sizes.output - 4;
    }
    if (sizes.output >= side) return sizes;
  }
}

void UnetOptions::Check(const std::string& where) const {
  if (in_channels != 1 && in_channels != 3)
    throw Error(where, ".in_channels: must be 1 or 3, found ", in_channels);
  CheckRange(where, "levels", levels, 2, 6);
  CheckWidth(where, width);
  CheckDropout(where, dropout);
  CheckRange(where, "tile", tile, 0, 32768);
  if (geometry == UnetGeometry::kSame) {
    if (tile == 0) return;
    throw Error(where, ".tile: is of the published geometry; of padded convolutions take the ",
                "evaluation's \"window\"");
  }
  // Indices of a pool say nothing of a map that has shrunk since.
  if (upsampling == UpsamplingKind::kMaxUnpooling) {
    throw Error(where, ".upsampling: max unpooling needs maps that keep their sizes; take ",
                "\"geometry\": \"same\"");
  }
}

std::shared_ptr<SegModel> MakeUnet(const UnetOptions& options, int classes) {
  options.Check();
  return std::make_shared<Unet>(options, classes);
}

std::shared_ptr<SegModel> MakeUnet(JsonReader& reader, int classes) {
  UnetOptions options;
  std::string geometry = "same";
  reader.GetChoice("geometry", geometry, {"same", "published"});
  if (geometry == "published") options.geometry = UnetGeometry::kPublished;
  reader.Get("in_channels", options.in_channels);
  reader.Get("levels", options.levels);
  reader.Get("width", options.width);
  reader.Get("batch_norm", options.batch_norm);
  reader.Get("dropout", options.dropout);
  ReadUpsampling(reader, options.upsampling);
  reader.Get("tile", options.tile);
  options.Check(reader.path());
  return MakeUnet(options, classes);
}

}  // namespace seglab
