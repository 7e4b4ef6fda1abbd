#include "nn/max_unpool.h"

#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <torch/torch.h>

#include <algorithm>

#include "base/error.h"
#include "tensor/state.h"

namespace seglab {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

/// How the cells of a map lie in memory: cell i of channel c of an image at i * cell + c * channel.
struct Strides {
  int64_t cell, channel, image;
};

Strides StridesOf(const at::Tensor& map, bool channels_last) {
  const int64_t channels = map.size(1), cells = map.size(2) * map.size(3);
  if (channels_last) return {channels, 1, channels * cells};
  return {1, cells, channels * cells};
}

/// Moves values between a pooled map and the larger one that its indices point into. Threads share
/// the channels, so that no two write to one place.
template <bool kScatter, typename T>
void Move(T* pooled, T* whole, const int64_t* index, const at::Tensor& like, int64_t cells,
          bool channels_last) {
  const int64_t channels = like.size(1), pooled_cells = like.size(2) * like.size(3);
  const Strides small = StridesOf(like, channels_last);
  const int64_t cell = channels_last ? channels : 1, channel = channels_last ? 1 : cells;
  constexpr int64_t kBlock = 16;  // channels: a line of the cache
  const int64_t blocks = (channels + kBlock - 1) / kBlock;
  at::parallel_for(0, like.size(0) * blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t image = at / blocks, first = at % blocks * kBlock,
                    last = std::min(first + kBlock, channels);
      T* from = pooled + image * small.image;
      T* into = whole + image * channels * cells;
      const int64_t* where = index + image * small.image;
      const auto one = [&](int64_t i, int64_t c) {
        const int64_t at_small = i * small.cell + c * small.channel;
        T& large = into[where[at_small] * cell + c * channel];
        if (kScatter) {
          large = from[at_small];
        } else {
          from[at_small] = large;
        }
      };
      if (channels_last) {
        for (int64_t i = 0; i < pooled_cells; ++i) {
          for (int64_t c = first; c < last; ++c) one(i, c);
        }
      } else {
        for (int64_t c = first; c < last; ++c) {
          for (int64_t i = 0; i < pooled_cells; ++i) one(i, c);
        }
      }
    }
  });
}

template <bool kScatter>
void MoveAny(const at::Tensor& pooled, const at::Tensor& whole, const at::Tensor& indices) {
  const bool channels_last = pooled.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
  const int64_t cells = whole.size(2) * whole.size(3);
  const auto move = [&](auto* typed) {
    using T = std::remove_pointer_t<decltype(typed)>;
    Move<kScatter, T>(static_cast<T*>(pooled.data_ptr()), static_cast<T*>(whole.data_ptr()),
                      indices.data_ptr<int64_t>(), pooled, cells, channels_last);
  };
  switch (pooled.element_size()) {  // numbers are only carried
    case 2:
      return move(static_cast<uint16_t*>(nullptr));
    case 4:
      return move(static_cast<uint32_t*>(nullptr));
    default:
      return move(static_cast<uint64_t*>(nullptr));
  }
}

at::Tensor Scattered(const at::Tensor& x, const at::Tensor& indices, int64_t height,
                     int64_t width) {
  const at::MemoryFormat format = x.suggest_memory_format();
  const at::Tensor whole =
      at::empty({x.size(0), x.size(1), height, width}, x.options().memory_format(format)).zero_();
  MoveAny<true>(x.contiguous(format), whole, indices.contiguous(format));
  return whole;
}

struct UnpoolFunction : torch::autograd::Function<UnpoolFunction> {
  static Variable forward(AutogradContext* context, const Variable& x, const at::Tensor& indices,
                          int64_t height, int64_t width) {
    context->save_for_backward({indices});
    context->saved_data["channels last"] =
        x.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
    return Scattered(x, indices, height, width);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::MemoryFormat format = context->saved_data["channels last"].toBool()
                                        ? at::MemoryFormat::ChannelsLast
                                        : at::MemoryFormat::Contiguous;
    const at::Tensor indices = context->get_saved_variables()[0].contiguous(format);
    const at::Tensor whole = gradients[0].contiguous(format);
    const at::Tensor pooled = at::empty(indices.sizes(), whole.options().memory_format(format));
    MoveAny<false>(pooled, whole, indices);
    return {pooled, {}, {}, {}};
  }
};

void CheckIndices(const at::Tensor& indices, int64_t cells) {
  if (indices.numel() == 0 || !indices.device().is_cpu()) return;
  const auto [least, most] = at::aminmax(indices);
  if (least.item<int64_t>() >= 0 && most.item<int64_t>() < cells) return;
  throw Error("max unpooling: an index lies outside of the map of ", cells, " cells");
}

}  // namespace

at::Tensor MaxUnpool(const at::Tensor& x, const at::Tensor& indices, int64_t height,
                     int64_t width) {
  CheckShape(indices, x.sizes().vec(), "max unpooling, indices");
  const bool ours = x.device().is_cpu() && x.is_floating_point() && !at::hasCallbacks();
  if (!ours) {  // whoever watches LibTorch's operators, as the profile does, is to see this one
    const bool is_half = x.device().is_cpu() && x.element_size() == 2;
    const at::Tensor wide = is_half ? x.to(at::kFloat) : x;
    return at::max_unpool2d(wide, indices, {height, width}).to(x.scalar_type());
  }
  CheckIndices(indices, height * width);
  if (x.requires_grad() && at::GradMode::is_enabled())
    return UnpoolFunction::apply(x, indices, height, width);
  return Scattered(x, indices, height, width);
}

at::Tensor NailIndices(const at::Tensor& x, int64_t width) {
  const at::TensorOptions whole = x.options().dtype(at::kLong).requires_grad(false);
  const at::Tensor rows = at::arange(x.size(2), whole).mul_(2 * width).view({-1, 1});
  const at::Tensor places = rows + at::arange(x.size(3), whole).mul_(2);
  return places.expand(x.sizes()).contiguous(x.suggest_memory_format());
}

}  // namespace seglab
