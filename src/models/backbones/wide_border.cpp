#include "models/backbones/wide_border.h"

#include <torch/torch.h>

#include <algorithm>

#include "models/backbones/layers.h"
#include "nn/batch_norm.h"
#include "nn/fast_conv.h"
#include "tensor/compat.h"

namespace seglab {
namespace {

/// From one row or column of cells of a map up to another.
struct Range {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

at::Tensor Cut(const at::Tensor& map, int64_t dim, const Range& range) {
  return map.narrow(dim, range.begin, range.size());
}

/// What is known of one side of a map.
struct Side {
  int64_t size;
  Range seen;    ///< cells that see some of the image
  Range inside;  ///< cells that see nothing from beyond the map, where convolutions find zeros

  /// Behind a stage.
  Side Behind(int64_t reach) const {
    return {(size + 1) / 2,
            {(seen.begin - reach) >> 1, (seen.end + reach + 1) >> 1},
            {(inside.begin + reach + 1) >> 1, (inside.end - reach) >> 1}};
  }
  /// Whether no cell that sees some of the image sees what is beyond the map, and so each other
  /// cell has the value that it has in a blank.
  bool IsApart() const { return inside.begin <= seen.begin && seen.end <= inside.end; }
};

Side SideOf(int64_t pixels, int64_t around) {
  const int64_t size = pixels + 2 * around;
  return {size, {around, around + pixels}, {0, size}};
}

/// What the convolutions and the pool of a stage must see for a range of their output.
Range NeededFor(const Range& output, int64_t reach) {
  return {2 * output.begin - reach, 2 * output.end + reach};
}

/// Where a part of one side lies in a map, and in the blank that it is filled from.
struct Strip {
  Range into, from;
};

/// The cells before those that see the image, these (for which the blank's middle stands, where the
/// other side's do not see it), and those behind them.
std::array<Strip, 3> Strips(const Side& side, int64_t blank_size) {
  const int64_t middle = blank_size / 2, begin = side.seen.begin, end = side.seen.end;
  return {{{{0, begin}, {0, begin}},
           {side.seen, {middle, middle + 1}},
           {{end, side.size}, {blank_size - (side.size - end), blank_size}}}};
}

at::Tensor WithBorder(const at::Tensor& inner, const std::array<Side, 2>& sides,
                      const at::Tensor& blank) {
  at::Tensor map = at::empty({inner.size(0), inner.size(1), sides[0].size, sides[1].size},
                             inner.options(), at::MemoryFormat::ChannelsLast);
  const auto rows = Strips(sides[0], blank.size(2)), columns = Strips(sides[1], blank.size(3));
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      const at::Tensor into = Cut(Cut(map, 2, rows[i].into), 3, columns[j].into);
      const bool is_inner = i == 1 && j == 1;
      into.copy_(is_inner ? inner
                          : Cut(Cut(blank, 2, rows[i].from), 3, columns[j].from).expand_as(into));
    }
  }
  return map;
}

}  // namespace

WideBorder::WideBorder(const TensorSequential& layers, int64_t border)
    : layers_(layers), around_(border - 1) {
  // Of the smallest image: what does not keep apart there never does.
  Side side = SideOf(1, around_);
  Stage stage{0, 0, 0};
  for (size_t i = 0; i < layers->size(); ++i) {
    const std::shared_ptr<torch::nn::Module> layer = layers->ptr(i);
    if (const auto* conv = layer->as<FastConv2dImpl>()) {
      stage.reach += conv->options.dilation()->at(0) * (conv->options.kernel_size()->at(0) / 2);
    } else if (const auto* pool = layer->as<PoolImpl>()) {
      side = side.Behind(stage.reach);
      if (!pool->Halves() || side.inside.begin > side.seen.begin) return;
      stage.end = i + 1;
      stages_.push_back(stage);
      stage = {i + 1, 0, 0};
    } else if (!layer->as<torch::nn::ReLUImpl>() && !layer->as<BatchNorm2dImpl>()) {
      return;
    }
  }
}

const WideBorder::Blank& WideBorder::BlankFor(const at::Tensor& image) {
  Blank wanted;
  for (const at::Tensor& tensor : layers_->parameters()) wanted.of.push_back(StampOf(tensor));
  for (const at::Tensor& tensor : layers_->buffers()) wanted.of.push_back(StampOf(tensor));
  // Sizes that differ by a multiple of it are pooled alike.
  const int64_t period = int64_t{1} << stages_.size();
  wanted.size = {(image.size(2) - 1) % period + 1, (image.size(3) - 1) % period + 1};
  wanted.winograd = WinogradScope::IsOn();
  wanted.half = AutocastEnabled(image.device().type());
  const auto found = std::find_if(blanks_.begin(), blanks_.end(), [&](const Blank& blank) {
    return blank.of == wanted.of && blank.size == wanted.size &&
           blank.winograd == wanted.winograd && blank.half == wanted.half &&
           blank.maps.front().device() == image.device();
  });
  if (found != blanks_.end()) {
    std::rotate(blanks_.begin(), found, found + 1);
    return blanks_.front();
  }
  at::Tensor x = at::zeros({1, image.size(1), wanted.size[0], wanted.size[1]}, image.options());
  for (const Stage& stage : stages_) {
    x = layers_->Run(x, stage.begin, stage.end);
    wanted.maps.push_back(x);
  }
  constexpr size_t kKept = 8;
  if (blanks_.size() == kKept) blanks_.pop_back();
  blanks_.insert(blanks_.begin(), std::move(wanted));
  return blanks_.front();
}

std::vector<WideBorder::Map> WideBorder::Run(const at::Tensor& image) {
  constexpr int64_t kWorthIt = 128;  // rows and columns; below, the blank has most of the cells
  std::vector<Map> maps;
  const bool small = image.size(2) < kWorthIt || image.size(3) < kWorthIt;
  if (stages_.empty() || small || layers_->is_training()) return maps;
  const Blank& blank = BlankFor(image);
  at::Tensor map = at::constant_pad_nd(image, {around_, around_, around_, around_}, 0);
  std::array<Side, 2> sides = {SideOf(image.size(2), around_), SideOf(image.size(3), around_)};
  for (size_t i = 0; i < stages_.size(); ++i) {
    const Stage& stage = stages_[i];
    for (Side& side : sides) side = side.Behind(stage.reach);
    if (!sides[0].IsApart() || !sides[1].IsApart()) break;
    const Range rows = NeededFor(sides[0].seen, stage.reach),
                columns = NeededFor(sides[1].seen, stage.reach);
    const at::Tensor inner =
        layers_->Run(Cut(Cut(map, 2, rows), 3, columns), stage.begin, stage.end, /*unpadded=*/true);
    map = WithBorder(inner, sides, blank.maps[i]);
    maps.push_back({stage.end, map});
  }
  return maps;
}

}  // namespace seglab
