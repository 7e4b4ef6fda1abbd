#include "profile/op_work.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

namespace seglab {
namespace {

struct OpRow {
  OpKind kind;
  int64_t flops = 0;  ///< per output element, where the kind does not say
};

const std::unordered_map<std::string, OpRow>& Rows() {
  using K = OpKind;
  static const std::unordered_map<std::string, OpRow> rows = [] {
    std::unordered_map<std::string, OpRow> made = {
        {"conv1d", {K::kConvolution}},
        {"conv2d", {K::kConvolution}},
        {"conv3d", {K::kConvolution}},
        {"convolution", {K::kConvolution}},
        {"_convolution", {K::kConvolution}},
        {"conv_transpose1d", {K::kTransposedConvolution}},
        {"conv_transpose2d", {K::kTransposedConvolution}},
        {"conv_transpose3d", {K::kTransposedConvolution}},
        {"linear", {K::kProduct}},
        {"addmm", {K::kProduct}},
        {"baddbmm", {K::kProduct}},
        {"matmul", {K::kProduct}},
        {"mm", {K::kProduct}},
        {"bmm", {K::kProduct}},
        {"max_pool2d", {K::kPool}},
        {"max_pool3d", {K::kPool}},
        {"max_pool2d_with_indices", {K::kPool}},
        {"avg_pool2d", {K::kAverage}},
        {"avg_pool3d", {K::kAverage}},
        {"adaptive_avg_pool2d", {K::kAdaptive}},
        {"adaptive_max_pool2d", {K::kAdaptive}},
        {"mean", {K::kReduction}},
        {"sum", {K::kReduction}},
        {"amax", {K::kReduction}},
        {"batch_norm", {K::kElementwise, 2}},
        {"softmax", {K::kElementwise, 3}},
        {"log_softmax", {K::kElementwise, 3}},
        {"upsample_nearest2d", {K::kUpsampling, 0}},
        {"upsample_bilinear2d", {K::kUpsampling, 4}},
        {"upsample_bicubic2d", {K::kUpsampling, 16}},
        {"max_unpool2d", {K::kUpsampling, 0}},
        {"gru", {K::kRecurrent, 11}},
        {"pixel_shuffle", {K::kUpsampling, 0}},
    };
    for (const char* name :
         {"abs",     "add",     "clamp",       "clamp_max", "clamp_min", "div",        "elu",
          "exp",     "gelu",    "hardsigmoid", "hardswish", "hardtanh",  "leaky_relu", "log",
          "maximum", "minimum", "mul",         "neg",       "pow",       "prelu",      "reciprocal",
          "relu",    "relu6",   "rsqrt",       "rsub",      "sigmoid",   "silu",       "sqrt",
          "square",  "sub",     "tanh"}) {
      made[name] = {K::kElementwise, 1};
    }
    for (const char* name : {"_pad_enum",
                             "alias",
                             "arange",
                             "as_strided",
                             "cat",
                             "chunk",
                             "clone",
                             "constant_pad_nd",
                             "contiguous",
                             "copy",
                             "detach",
                             "dropout",
                             "empty",
                             "empty_like",
                             "expand",
                             "expand_as",
                             "feature_dropout",
                             "fill",
                             "flatten",
                             "full",
                             "index_select",
                             "lift_fresh",
                             "movedim",
                             "narrow",
                             "ones",
                             "ones_like",
                             "pad",
                             "permute",
                             "reflection_pad2d",
                             "replication_pad2d",
                             "reshape",
                             "select",
                             "slice",
                             "split",
                             "split_with_sizes",
                             "squeeze",
                             "stack",
                             "t",
                             "to",
                             "transpose",
                             "unbind",
                             "unflatten",
                             "unsqueeze",
                             "view",
                             "view_as",
                             "zero",
                             "zeros",
                             "zeros_like"}) {
      made[name] = {K::kMove};
    }
    return made;
  }();
  return rows;
}

OpRow RowOf(const RecordedOp& op) {
  const auto found = Rows().find(op.name);
  return found == Rows().end() ? OpRow{OpKind::kUnknown} : found->second;
}

const std::vector<int64_t>& Ints(const RecordedOp& op, size_t argument) {
  static const std::vector<int64_t> none;
  return argument < op.arguments.size() ? op.arguments[argument].ints : none;
}

int64_t Product(const std::vector<int64_t>& sizes) {
  int64_t product = 1;
  for (int64_t size : sizes) product *= size;
  return product;
}

int64_t Elements(const std::vector<TensorUse>& tensors) {
  return tensors.empty() ? 0 : Product(tensors[0].sizes);
}

/// Of an argument with one number for all spatial axes or one for each, that of rows (0) or columns
/// (1); `otherwise` where the argument is absent.
int64_t Spatial(const std::vector<int64_t>& values, size_t axis, int64_t otherwise) {
  if (values.empty()) return otherwise;
  if (values.size() == 1) return values[0];
  return values[values.size() - 2 + axis];
}

bool IsConvolutionTransposed(const RecordedOp& op) {
  const bool general = op.name == "convolution" || op.name == "_convolution";
  const std::vector<int64_t>& transposed = Ints(op, 6);
  return general && !transposed.empty() && transposed[0] != 0;
}

/// Multiply-adds of a convolution per element of its output, of a transposed one per element of its
/// input: all that a weight has behind its first dimension.
int64_t PerElement(const TensorUse& weight) {
  return weight.sizes.empty() || weight.sizes[0] == 0 ? 0 : Product(weight.sizes) / weight.sizes[0];
}

/// Length of the sums in a matrix product.
int64_t Inner(const RecordedOp& op) {
  const size_t left = op.name == "addmm" || op.name == "baddbmm" ? 1 : 0;
  const TensorUse* matrix = TensorAt(op, left);
  return matrix == nullptr || matrix->sizes.empty() ? 0 : matrix->sizes.back();
}

bool HasBias(const RecordedOp& op) {
  if (op.name == "addmm" || op.name == "baddbmm") return true;
  const OpKind kind = KindOf(op);
  const bool may =
      kind == OpKind::kConvolution || kind == OpKind::kTransposedConvolution || op.name == "linear";
  return may && TensorAt(op, 2) != nullptr;
}

/// Elements of all windows along one axis: cell i of `out` looks from floor(i in / out) to
/// ceil((i + 1) in / out).
int64_t AdaptiveElements(int64_t in, int64_t out) {
  int64_t sum = 0;
  for (int64_t i = 0; i < out; ++i) sum += ((i + 1) * in + out - 1) / out - i * in / out;
  return sum;
}

int64_t AdaptiveLargest(int64_t in, int64_t out) {
  int64_t largest = 1;
  for (int64_t i = 0; i < out; ++i) {
    largest = std::max(largest, ((i + 1) * in + out - 1) / out - i * in / out);
  }
  return largest;
}

int64_t PoolElements(const RecordedOp& op) {
  const std::vector<int64_t>& kernel = Ints(op, 1);
  const int64_t axes = op.name.find("3d") == std::string::npos ? 2 : 3;
  if (kernel.size() != 1) return Product(kernel);
  int64_t elements = 1;
  for (int64_t i = 0; i < axes; ++i) elements *= kernel[0];
  return elements;
}

/// Whether a reduction takes this dimension of its input away.
bool Reduces(const RecordedOp& op, int64_t dimension, int64_t dimensions) {
  // mean(x) has the type as its next argument, mean(x, dims, keepdim) the dimensions.
  const std::vector<int64_t>& listed = Ints(op, 1);
  const bool all = op.arguments.size() < 3 || listed.empty();
  return all || std::any_of(listed.begin(), listed.end(),
                            [&](int64_t d) { return (d < 0 ? d + dimensions : d) == dimension; });
}

}  // namespace

const TensorUse* TensorAt(const RecordedOp& op, size_t argument) {
  if (argument >= op.arguments.size() || op.arguments[argument].tensors.empty()) return nullptr;
  return &op.arguments[argument].tensors[0];
}

std::array<int64_t, 2> MapSize(const TensorUse& tensor) {
  const size_t n = tensor.sizes.size();
  if (n < 3) return {1, 1};
  return {n < 4 ? 1 : tensor.sizes[n - 2], tensor.sizes[n - 1]};
}

OpKind KindOf(const RecordedOp& op) {
  if (IsConvolutionTransposed(op)) return OpKind::kTransposedConvolution;
  return RowOf(op).kind;
}

Work WorkOf(const RecordedOp& op) {
  const int64_t out = Elements(op.outputs);
  const TensorUse* in = TensorAt(op, 0);
  const TensorUse* second = TensorAt(op, 1);
  Work work;
  switch (KindOf(op)) {
    case OpKind::kConvolution:
      if (second != nullptr) work.macs = out * PerElement(*second);
      break;
    case OpKind::kTransposedConvolution:
      if (in != nullptr && second != nullptr) work.macs = Product(in->sizes) * PerElement(*second);
      break;
    case OpKind::kProduct:
      work.macs = out * Inner(op);
      break;
    case OpKind::kPool:
    case OpKind::kAverage:
      work.flops = out * PoolElements(op);
      break;
    case OpKind::kAdaptive:
      if (in != nullptr && !op.outputs.empty()) {
        const std::array<int64_t, 2> from = MapSize(*in), to = MapSize(op.outputs[0]);
        const int64_t maps = to[0] * to[1] == 0 ? 0 : out / (to[0] * to[1]);
        work.flops = maps * AdaptiveElements(from[0], to[0]) * AdaptiveElements(from[1], to[1]);
      }
      break;
    case OpKind::kReduction:
      if (in != nullptr) work.flops = Product(in->sizes);
      break;
    case OpKind::kElementwise:
    case OpKind::kUpsampling:
      work.flops = out * RowOf(op).flops;
      break;
    case OpKind::kRecurrent:
      if (in != nullptr && op.arguments.size() > 2) {
        const int64_t cells = Product(in->sizes) / std::max<int64_t>(in->sizes.back(), 1);
        for (const TensorUse& weight : op.arguments[2].tensors) {
          const int64_t used = cells * Product(weight.sizes);
          (weight.sizes.size() > 1 ? work.macs : work.flops) += used;
        }
      }
      work.flops += out * RowOf(op).flops;
      break;
    case OpKind::kMove:
    case OpKind::kUnknown:
      break;
  }
  work.flops += 2 * work.macs;
  if (HasBias(op)) work.flops += out;
  return work;
}

Window WindowOf(const RecordedOp& op) {
  Window window;
  const OpKind kind = KindOf(op);
  const TensorUse* in = TensorAt(op, 0);
  for (size_t axis = 0; axis < 2; ++axis) {
    if (kind == OpKind::kConvolution && TensorAt(op, 1) != nullptr) {
      const int64_t kernel = MapSize(*TensorAt(op, 1))[axis];
      window.size[axis] = (kernel - 1) * Spatial(Ints(op, 5), axis, 1) + 1;
      window.stride[axis] = Spatial(Ints(op, 3), axis, 1);
    } else if (kind == OpKind::kPool || kind == OpKind::kAverage) {
      const int64_t kernel = Spatial(Ints(op, 1), axis, 1);
      const int64_t dilation = kind == OpKind::kPool ? Spatial(Ints(op, 4), axis, 1) : 1;
      window.size[axis] = (kernel - 1) * dilation + 1;
      window.stride[axis] = Spatial(Ints(op, 2), axis, kernel);
    } else if (kind == OpKind::kAdaptive && in != nullptr && !op.outputs.empty()) {
      window.size[axis] = AdaptiveLargest(MapSize(*in)[axis], MapSize(op.outputs[0])[axis]);
    } else if (kind == OpKind::kReduction && in != nullptr && in->sizes.size() >= 4) {
      const auto dimensions = static_cast<int64_t>(in->sizes.size());
      const int64_t dimension = dimensions - 2 + static_cast<int64_t>(axis);
      if (Reduces(op, dimension, dimensions)) window.size[axis] = MapSize(*in)[axis];
    }
  }
  return window;
}

}  // namespace seglab
