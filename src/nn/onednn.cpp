#include "nn/onednn.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#if SEGLAB_ONEDNN
#include <dnnl.hpp>

#endif

namespace seglab {

#if SEGLAB_ONEDNN
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

const dnnl::engine& Engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// One a thread: a stream is not shared.
dnnl::stream& Stream() {
  static thread_local dnnl::stream stream(Engine());
  return stream;
}

memory::data_type TypeOf(at::ScalarType type) {
  return type == at::kBFloat16 ? memory::data_type::bf16 : memory::data_type::f32;
}

void* Address(const at::Tensor& tensor) { return const_cast<void*>(tensor.data_ptr()); }

/// What oneDNN throws, as LibTorch would say it.
[[noreturn]] void Rethrow(const dnnl::error& error) {
  if (error.status == dnnl_out_of_memory) throw std::bad_alloc();
  TORCH_CHECK(false, "oneDNN: ", error.what());
}

/// Memory that a primitive works in: its caller's, so that any thread may run it.
dnnl::primitive_attr Attributes(const dnnl::post_ops& ops) {
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(ops);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

/// For what a primitive works in.
at::Tensor Room(const memory::desc& scratch) {
  return at::empty({static_cast<int64_t>(scratch.get_size())}, at::kByte);
}

memory Moved(const memory& from, const memory::desc& to) {
  memory source = from, moved(to, Engine());
  dnnl::reorder(source, moved).execute(Stream(), source, moved);
  Stream().wait();
  return moved;
}

void AppendRelu(dnnl::post_ops& ops, Activation activation) {
  const auto relu6 = dnnl::algorithm::eltwise_clip;
  const auto relu = dnnl::algorithm::eltwise_relu;
#if DNNL_VERSION_MAJOR >= 3
  if (activation == Activation::kRelu) ops.append_eltwise(relu, 0, 0);
  if (activation == Activation::kRelu6) ops.append_eltwise(relu6, 0, 6);
#else
  if (activation == Activation::kRelu) ops.append_eltwise(1, relu, 0, 0);
  if (activation == Activation::kRelu6) ops.append_eltwise(1, relu6, 0, 6);
#endif
}

}  // namespace

struct OneDnnConv::State {
  /// Of one size of images.
  struct Ready {
    std::vector<int64_t> in, out;
    int64_t padding;
    Activation activation;
    bool adds;
    memory::desc source, window, bias, target, scratch;
    dnnl::primitive primitive;
    bool as_product = false;

    template <typename Primitive>
    void Take(const typename Primitive::primitive_desc& description) {
      source = description.src_desc();
      window = description.weights_desc();
      bias = description.bias_desc();
      target = description.dst_desc();
      scratch = description.scratchpad_desc();
      primitive = Primitive(description);
    }
  };

  ConvGeometry geometry;
  at::ScalarType type;
  memory::dims window_dims;
  int64_t out_channels;
  std::array<int64_t, 2> kernel;
  at::Tensor bias;
  memory window;  // in the layout of the size that came last
  bool window_is_matrix = false;
  std::vector<Ready> ready;  // the latest ones

  bool IsProduct(const Ready& sizes) const;
  void MakeConvolution(Ready& made) const;
  void MakeProduct(Ready& made) const;
  at::Tensor Seen(const at::Tensor& x, const Ready& sizes) const;
  const Ready& For(const at::Tensor& x, int64_t padding, Activation activation, bool adds);
  Ready Make(const at::Tensor& x, int64_t padding, Activation activation, bool adds) const;
};

OneDnnConv::State::Ready OneDnnConv::State::Make(const at::Tensor& x, int64_t padding,
                                                 Activation activation, bool adds) const {
  const ConvGeometry& g = geometry;
  Ready made;
  made.in = x.sizes().vec();
  made.out = {x.size(0), out_channels, 0, 0};
  made.padding = padding;
  made.activation = activation;
  made.adds = adds;
  for (size_t i = 0; i < 2; ++i) {
    const int64_t reach = (kernel[i] - 1) * g.dilation[i] + 1;
    made.out[2 + i] = (made.in[2 + i] + 2 * padding - reach) / g.stride[i] + 1;
    TORCH_CHECK(made.in[2 + i] + 2 * padding >= reach, "convolution: a map of ", made.in[2], " x ",
                made.in[3], " is smaller than the window");
  }
  IsProduct(made) ? MakeProduct(made) : MakeConvolution(made);
  return made;
}

/// A large window on few cells, as fc6 of a VGG: direct convolution reads the window, which is far
/// larger than caches, once for some of the outputs; a product once for all.
bool OneDnnConv::State::IsProduct(const Ready& sizes) const {
  constexpr int64_t kLarge = 4 << 20, kMostSeen = 16 << 20;  // numbers
  const int64_t cells = sizes.out[0] * sizes.out[2] * sizes.out[3];
  const int64_t inner = window_dims[1] * kernel[0] * kernel[1];
  return geometry.groups == 1 && kernel[0] * kernel[1] > 1 && inner * out_channels >= kLarge &&
         cells * inner <= kMostSeen;
}

void OneDnnConv::State::MakeConvolution(Ready& made) const {
  const ConvGeometry& g = geometry;
  const memory::data_type kind = TypeOf(type);
  const memory::desc source(made.in, kind, Tag::nhwc), any(window_dims, kind, Tag::any),
      target(made.out, kind, Tag::nhwc), bias_of({out_channels}, memory::data_type::f32, Tag::a);
  const memory::dims stride(g.stride.begin(), g.stride.end()),
      holes{g.dilation[0] - 1, g.dilation[1] - 1}, sides(2, made.padding);
  dnnl::post_ops ops;
  if (made.adds) ops.append_sum(1);
  AppendRelu(ops, made.activation);
  const dnnl::primitive_attr attributes = Attributes(ops);
  const auto inference = dnnl::prop_kind::forward_inference;
  const auto direct = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::convolution_forward::primitive_desc description(Engine(), inference, direct, source,
                                                              any, bias_of, target, stride, holes,
                                                              sides, sides, attributes);
#else
  const dnnl::convolution_forward::primitive_desc description(
      dnnl::convolution_forward::desc(inference, direct, source, any, bias_of, target, stride,
                                      holes, sides, sides),
      attributes, Engine());
#endif
  made.Take<dnnl::convolution_forward>(description);
}

/// (cells, kernel x kernel x in) times (kernel x kernel x in, out).
void OneDnnConv::State::MakeProduct(Ready& made) const {
  const int64_t cells = made.out[0] * made.out[2] * made.out[3],
                inner = window_dims[1] * kernel[0] * kernel[1];
  const memory::data_type kind = TypeOf(type);
  const memory::desc source({cells, inner}, kind, Tag::ab),
      any({inner, out_channels}, kind, Tag::any), target({cells, out_channels}, kind, Tag::ab),
      bias_of({1, out_channels}, memory::data_type::f32, Tag::ab);
  dnnl::post_ops ops;
  if (made.adds) ops.append_sum(1);
  AppendRelu(ops, made.activation);
  const dnnl::primitive_attr attributes = Attributes(ops);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::matmul::primitive_desc description(Engine(), source, any, bias_of, target,
                                                 attributes);
#else
  const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(source, any, bias_of, target),
                                                 attributes, Engine());
#endif
  made.Take<dnnl::matmul>(description);
  made.as_product = true;
}

const OneDnnConv::State::Ready& OneDnnConv::State::For(const at::Tensor& x, int64_t padding,
                                                       Activation activation, bool adds) {
  const auto found = std::find_if(ready.begin(), ready.end(), [&](const Ready& r) {
    return x.sizes() == r.in && padding == r.padding && activation == r.activation &&
           adds == r.adds;
  });
  if (found != ready.end()) {
    std::rotate(ready.begin(), found, found + 1);
  } else {
    constexpr size_t kKept = 4;
    if (ready.size() == kKept) ready.pop_back();
    ready.insert(ready.begin(), Make(x, padding, activation, adds));
  }
  const Ready& chosen = ready.front();
  if (chosen.as_product != window_is_matrix) {
    // By the order of numbers in which it is both.
    const memory::desc stacked(window_dims, TypeOf(type), Tag::hwio),
        matrix({window_dims[1] * kernel[0] * kernel[1], out_channels}, TypeOf(type), Tag::ab);
    const memory plain = Moved(window, window_is_matrix ? matrix : stacked);
    window = Moved(memory(window_is_matrix ? stacked : matrix, Engine(), plain.get_data_handle()),
                   chosen.window);
    window_is_matrix = chosen.as_product;
  } else if (chosen.window != window.get_desc()) {
    window = Moved(window, chosen.window);
  }
  return chosen;
}

/// What each cell of the output sees, row after row of the window: (cells, kernel x kernel x in).
at::Tensor OneDnnConv::State::Seen(const at::Tensor& x, const Ready& sizes) const {
  const int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
  const int64_t rows = sizes.out[2], columns = sizes.out[3], cells = sizes.out[0] * rows * columns;
  at::Tensor seen = at::empty({cells, kernel[0] * kernel[1] * channels}, x.options(),
                              at::MemoryFormat::Contiguous);
  const auto bytes = static_cast<size_t>(channels) * x.element_size();
  const auto* from = static_cast<const char*>(x.data_ptr());  // channels last
  auto* into = static_cast<char*>(seen.data_ptr());
  at::parallel_for(0, cells, 1, [&, this](int64_t begin, int64_t end) {
    for (int64_t cell = begin; cell < end; ++cell) {
      const int64_t image = cell / (rows * columns),
                    top = cell / columns % rows * geometry.stride[0],
                    left = cell % columns * geometry.stride[1];
      char* place = into + static_cast<size_t>(cell * kernel[0] * kernel[1]) * bytes;
      for (int64_t i = 0; i < kernel[0]; ++i) {
        const int64_t y = top - sizes.padding + i * geometry.dilation[0];
        for (int64_t j = 0; j < kernel[1]; ++j, place += bytes) {
          const int64_t column = left - sizes.padding + j * geometry.dilation[1];
          if (y < 0 || y >= height || column < 0 || column >= width) {
            std::memset(place, 0, bytes);
          } else {
            std::memcpy(place,
                        from + static_cast<size_t>((image * height + y) * width + column) * bytes,
                        bytes);
          }
        }
      }
    }
  });
  return seen;
}

bool OneDnnConv::Has(at::ScalarType type) {
  if (type == at::kFloat) return true;
  if (type != at::kBFloat16) return false;
  const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
  return (static_cast<int>(isa) & static_cast<int>(dnnl::cpu_isa::avx512_core)) ==
         static_cast<int>(dnnl::cpu_isa::avx512_core);
}

OneDnnConv::OneDnnConv(const at::Tensor& weight, const at::Tensor& bias,
                       const ConvGeometry& geometry, at::ScalarType type) try
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.geometry = geometry;
  state.type = type;
  state.out_channels = weight.size(0);
  state.kernel = {weight.size(2), weight.size(3)};
  state.bias = bias.defined() ? bias.to(at::kFloat).contiguous()
                              : at::zeros({weight.size(0)}, weight.options().dtype(at::kFloat));
  const at::Tensor plain = weight.to(at::kFloat).contiguous();
  state.window_dims = plain.sizes().vec();
  Tag tag = Tag::oihw;
  if (geometry.groups > 1) {
    state.window_dims[0] /= geometry.groups;
    state.window_dims.insert(state.window_dims.begin(), geometry.groups);
    tag = Tag::goihw;
  }
  // Copied: the module's own memory may change.
  state.window =
      Moved(memory({state.window_dims, memory::data_type::f32, tag}, Engine(), Address(plain)),
            {state.window_dims, TypeOf(type), tag});
} catch (const dnnl::error& error) {
  Rethrow(error);
}

OneDnnConv::~OneDnnConv() = default;

at::Tensor OneDnnConv::Run(const at::Tensor& x, int64_t padding, Activation activation,
                           const at::Tensor& added) {
  State& state = *state_;
  const at::Tensor in = x.to(state.type).contiguous(at::MemoryFormat::ChannelsLast);
  try {
    const State::Ready& ready = state.For(in, padding, activation, added.defined());
    at::Tensor out;
    if (added.defined()) {
      TORCH_CHECK(added.sizes() == at::IntArrayRef(ready.out), "convolution: added ", added.sizes(),
                  " to an output of ", at::IntArrayRef(ready.out));
      out = added.to(state.type).contiguous(at::MemoryFormat::ChannelsLast);
    } else {
      out = at::empty(ready.out, in.options(), at::MemoryFormat::ChannelsLast);
    }
    const at::Tensor room = Room(ready.scratch);
    const at::Tensor seen = ready.as_product ? state.Seen(in, ready) : in;
    ready.primitive.execute(
        Stream(), {{DNNL_ARG_SRC, memory(ready.source, Engine(), Address(seen))},
                   {DNNL_ARG_WEIGHTS, state.window},
                   {DNNL_ARG_BIAS, memory(ready.bias, Engine(), Address(state.bias))},
                   {DNNL_ARG_DST, memory(ready.target, Engine(), Address(out))},
                   {DNNL_ARG_SCRATCHPAD, memory(ready.scratch, Engine(), Address(room))}});
    Stream().wait();
    return out;
  } catch (const dnnl::error& error) {
    Rethrow(error);
  }
}

void MultiplyBatch(int64_t count, int64_t m, int64_t n, int64_t k, const MatrixBatch& a,
                   const MatrixBatch& b, float* out, int64_t out_step, bool accumulate) try {
  const auto f32 = memory::data_type::f32;
  const memory::desc left({count, m, k}, f32, memory::dims{a.step, a.row, a.column}),
      right({count, k, n}, f32, memory::dims{b.step, b.row, b.column}),
      result({count, m, n}, f32, memory::dims{out_step, n, 1});
  dnnl::post_ops ops;
  if (accumulate) ops.append_sum(1);
  const dnnl::primitive_attr attributes = Attributes(ops);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::matmul::primitive_desc description(Engine(), left, right, result, attributes);
#else
  const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(left, right, result),
                                                 attributes, Engine());
#endif
  const at::Tensor room = Room(description.scratchpad_desc());
  dnnl::matmul(description)
      .execute(Stream(), {{DNNL_ARG_SRC, memory(left, Engine(), const_cast<float*>(a.data))},
                          {DNNL_ARG_WEIGHTS, memory(right, Engine(), const_cast<float*>(b.data))},
                          {DNNL_ARG_DST, memory(result, Engine(), out)},
                          {DNNL_ARG_SCRATCHPAD,
                           memory(description.scratchpad_desc(), Engine(), Address(room))}});
  Stream().wait();
} catch (const dnnl::error& error) {
  Rethrow(error);
}

#else

struct OneDnnConv::State {};

bool OneDnnConv::Has(at::ScalarType) { return false; }

OneDnnConv::OneDnnConv(const at::Tensor&, const at::Tensor&, const ConvGeometry&, at::ScalarType) {
  TORCH_CHECK(false, "oneDNN: not in this build");
}

OneDnnConv::~OneDnnConv() = default;

at::Tensor OneDnnConv::Run(const at::Tensor&, int64_t, Activation, const at::Tensor&) {
  TORCH_CHECK(false, "oneDNN: not in this build");
}

void MultiplyBatch(int64_t count, int64_t m, int64_t n, int64_t k, const MatrixBatch& a,
                   const MatrixBatch& b, float* out, int64_t out_step, bool accumulate) {
  const torch::NoGradGuard no_grad;
  for (int64_t i = 0; i < count; ++i) {
    const at::Tensor left = at::from_blob(const_cast<float*>(a.data + i * a.step), {m, k},
                                          {a.row, a.column}, at::kFloat);
    const at::Tensor right = at::from_blob(const_cast<float*>(b.data + i * b.step), {k, n},
                                           {b.row, b.column}, at::kFloat);
    at::Tensor result = at::from_blob(out + i * out_step, {m, n}, at::kFloat);
    accumulate ? result.addmm_(left, right) : at::mm_out(result, left, right);
  }
}

#endif

}  // namespace seglab
