#include "profile/trace.h"

#include <algorithm>

#include "profile/op_work.h"

namespace seglab {
namespace {

void Look(const Window& window, Trace& trace) {
  for (size_t i = 0; i < trace.axes.size(); ++i) {
    Reach& reach = trace.axes[i];
    reach.field += (window.size[i] - 1) * reach.stride;
    reach.field_with_pool += (window.size[i] - 1) * reach.stride;
    reach.stride *= window.stride[i];
  }
}

void LookAtAll(const Window& window, Trace& trace) {
  trace.whole_image = true;
  for (size_t i = 0; i < trace.axes.size(); ++i) {
    trace.axes[i].field_with_pool += (window.size[i] - 1) * trace.axes[i].stride;
  }
}

/// Whether a pool makes one cell of a map that has several.
bool IsGlobal(const RecordedOp& op) {
  const TensorUse* in = TensorAt(op, 0);
  const std::array<int64_t, 2> one = {1, 1};
  return in != nullptr && !op.outputs.empty() && MapSize(op.outputs[0]) == one &&
         MapSize(*in) != one;
}

void Multiply(const RecordedOp& op, const std::vector<Trace>& traces, Trace& trace) {
  int images = 0, weights = 0, constants = 0;
  // The first operand of these is added.
  const size_t first = op.name == "addmm" || op.name == "baddbmm" ? 1 : 0;
  for (size_t i = first; i < first + 2; ++i) {
    const TensorUse* factor = TensorAt(op, i);
    if (factor == nullptr || factor->memory < 0) continue;
    const Trace& known = traces[factor->memory];
    ++(known.from_image ? images : known.from_parameter ? weights : constants);
  }
  if (constants > 0) trace.upsampled = true;
  if (weights > 0) ++trace.conv_layers;
  if (weights > 0 || images > 1) trace.whole_image = true;
}

}  // namespace

void Trace::Merge(const Trace& other) {
  from_image |= other.from_image;
  from_parameter |= other.from_parameter;
  if (!other.from_image) return;
  upsampled |= other.upsampled;
  whole_image |= other.whole_image;
  conv_layers = std::max(conv_layers, other.conv_layers);
  for (size_t i = 0; i < axes.size(); ++i) {
    axes[i].field = std::max(axes[i].field, other.axes[i].field);
    axes[i].field_with_pool = std::max(axes[i].field_with_pool, other.axes[i].field_with_pool);
    axes[i].stride = std::max(axes[i].stride, other.axes[i].stride);
  }
}

int64_t Trace::Field() const { return std::max(axes[0].field, axes[1].field); }

int64_t Trace::FieldWithPool() const {
  return std::max(axes[0].field_with_pool, axes[1].field_with_pool);
}

int64_t Trace::Stride() const { return std::max(axes[0].stride, axes[1].stride); }

void Trace::Advance(const RecordedOp& op, const std::vector<Trace>& traces) {
  switch (KindOf(op)) {
    case OpKind::kConvolution:
      ++conv_layers;
      Look(WindowOf(op), *this);
      break;
    case OpKind::kPool:
      Look(WindowOf(op), *this);
      break;
    case OpKind::kAverage:
      if (IsGlobal(op)) {
        LookAtAll(WindowOf(op), *this);
      } else {
        Look(WindowOf(op), *this);
      }
      break;
    case OpKind::kAdaptive:
    case OpKind::kReduction: {
      const Window window = WindowOf(op);
      if (window.size != Window().size) LookAtAll(window, *this);
      break;
    }
    case OpKind::kProduct:
      Multiply(op, traces, *this);
      break;
    case OpKind::kRecurrent:
      whole_image = true;
      ++conv_layers;
      break;
    case OpKind::kTransposedConvolution:
      upsampled = true;
      break;
    case OpKind::kUpsampling: {
      const TensorUse* in = TensorAt(op, 0);
      const bool same =
          in != nullptr && !op.outputs.empty() && MapSize(*in) == MapSize(op.outputs[0]);
      upsampled |= !same;
      break;
    }
    case OpKind::kElementwise:
    case OpKind::kMove:
    case OpKind::kUnknown:
      break;
  }
}

}  // namespace seglab
