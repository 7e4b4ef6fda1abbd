#include "profile/accounting.h"

#include <algorithm>

#include "profile/op_work.h"
#include "profile/trace.h"

namespace seglab {
namespace {

/// Goes through a recording in its order.
class Walk {
 public:
  Walk(const OpRecorder& record, const TensorUse& image, ParametersByPlace parameters)
      : record_(record), traces_(record.memories()), parameters_(std::move(parameters)) {
    traces_[image.memory].from_image = true;
    for (const auto& [place, parameter] : parameters_) {
      traces_[place.first].from_parameter = true;
    }
  }

  /// @param kept  memory of the results, in use to the end
  Profile Run(const std::vector<TensorUse>& kept) {
    for (const RecordedOp& op : record_.ops()) Visit(op);
    for (const auto& [place, parameter] : parameters_) {
      if (!parameter.used) profile_.unused_parameters += parameter.Elements();
    }
    CountMemory(kept);
    return std::move(profile_);
  }

 private:
  void Visit(const RecordedOp& op) {
    Trace out;
    for (const OpArgument& argument : op.arguments) {
      for (const TensorUse& tensor : argument.tensors) {
        if (tensor.memory >= 0) out.Merge(traces_[tensor.memory]);
      }
    }
    if (out.from_image) {
      out.from_parameter = false;
      out.Advance(op, traces_);
      AddLayer(op, out);
    }
    for (const TensorUse& tensor : op.outputs) {
      if (tensor.memory >= 0) traces_[tensor.memory].Merge(out);
    }
    if (out.from_image && !out.upsampled) AddToDeepest(out);
  }

  void AddLayer(const RecordedOp& op, const Trace& trace) {
    LayerProfile layer;
    layer.op = op.name;
    if (!op.outputs.empty()) layer.output = op.outputs[0].sizes;
    FindParameters(op, layer);
    const Work work = WorkOf(op);
    layer.macs = work.macs;
    layer.flops = work.flops;
    for (int memory : op.new_memory) layer.output_bytes += record_.Bytes(memory);
    if (!trace.upsampled) {
      layer.receptive_field = trace.Field();
      layer.stride = trace.Stride();
    }
    profile_.macs += work.macs;
    profile_.flops += work.flops;
    const bool unknown = KindOf(op) == OpKind::kUnknown;
    if (unknown) ++profile_.uncounted[op.name];
    if (unknown || layer.flops > 0 || layer.output_bytes > 0 || !layer.weight.empty()) {
      profile_.layers.push_back(std::move(layer));
    }
  }

  void FindParameters(const RecordedOp& op, LayerProfile& layer) {
    layer.name = op.name;
    for (const OpArgument& argument : op.arguments) {
      for (const TensorUse& tensor : argument.tensors) {
        const auto found = parameters_.find({tensor.memory, tensor.offset});
        if (found == parameters_.end()) continue;
        RecordedParameter& parameter = found->second;
        if (!parameter.used) layer.parameters += parameter.Elements();
        parameter.used = true;
        // addmm has its bias before its weight.
        if (!layer.weight.empty() && parameter.shape.size() <= layer.weight_shape.size()) continue;
        layer.weight = parameter.name;
        layer.weight_shape = parameter.shape;
        const size_t dot = parameter.name.rfind('.');
        layer.name = dot == std::string::npos ? parameter.name : parameter.name.substr(0, dot);
      }
    }
  }

  void AddToDeepest(const Trace& trace) {
    DeepestMap& deepest = profile_.deepest;
    deepest.conv_layers = std::max(deepest.conv_layers, trace.conv_layers);
    deepest.receptive_field = std::max(deepest.receptive_field, trace.Field());
    deepest.receptive_field_with_pool =
        std::max(deepest.receptive_field_with_pool, trace.FieldWithPool());
    deepest.max_stride = std::max(deepest.max_stride, trace.Stride());
    deepest.whole_image |= trace.whole_image;
  }

  void CountMemory(const std::vector<TensorUse>& kept) {
    const std::vector<RecordedOp>& ops = record_.ops();
    std::vector<size_t> last_use(traces_.size(), 0);
    for (size_t i = 0; i < ops.size(); ++i) {
      for (const OpArgument& argument : ops[i].arguments) {
        for (const TensorUse& tensor : argument.tensors) {
          if (tensor.memory >= 0) last_use[tensor.memory] = i;
        }
      }
      for (const TensorUse& tensor : ops[i].outputs) {
        if (tensor.memory >= 0) last_use[tensor.memory] = i;
      }
    }
    for (const TensorUse& tensor : kept) last_use[tensor.memory] = ops.size();

    int64_t live = 0;
    std::vector<int64_t> freed(ops.size() + 1, 0);  // bytes that go behind an operator
    for (size_t i = 0; i < ops.size(); ++i) {
      for (int memory : ops[i].new_memory) {
        if (!traces_[memory].from_image) continue;
        live += record_.Bytes(memory);
        freed[last_use[memory]] += record_.Bytes(memory);
        profile_.activation_bytes += record_.Bytes(memory);
      }
      profile_.peak_activation_bytes = std::max(profile_.peak_activation_bytes, live);
      live -= freed[i];
    }
  }

  const OpRecorder& record_;
  std::vector<Trace> traces_;
  ParametersByPlace parameters_;  ///< by memory and offset
  Profile profile_;
};

}  // namespace

int64_t RecordedParameter::Elements() const {
  int64_t elements = 1;
  for (int64_t size : shape) elements *= size;
  return elements;
}

Profile AccountOf(const OpRecorder& record, const TensorUse& image, ParametersByPlace parameters,
                  const std::vector<TensorUse>& kept) {
  return Walk(record, image, std::move(parameters)).Run(kept);
}

}  // namespace seglab
