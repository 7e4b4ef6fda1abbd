#include "models/profile.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "models/backbones/backbone.h"
#include "models/op_record.h"
#include "models/op_work.h"
#include "models/registry.h"

namespace seglab {
namespace {

constexpr int64_t kClassifierSide = 224;  // pixels; the size that classifiers are published for

struct Parameter {
  std::string name;
  std::vector<int64_t> shape;
  bool used = false;

  int64_t Elements() const {
    int64_t elements = 1;
    for (int64_t size : shape) elements *= size;
    return elements;
  }
};

/// Along one axis, in pixels.
struct Reach {
  int64_t field = 1, field_with_pool = 1, stride = 1;
};

/// What is known of a tensor, by its memory: views are what they view.
struct Trace {
  bool from_image = false;
  bool from_parameter = false;  ///< and not from the image
  bool upsampled = false;       ///< the walk has ended
  bool whole_image = false;
  int64_t conv_layers = 0;
  std::array<Reach, 2> axes;

  void Merge(const Trace& other) {
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

  int64_t Field() const { return std::max(axes[0].field, axes[1].field); }
  int64_t FieldWithPool() const {
    return std::max(axes[0].field_with_pool, axes[1].field_with_pool);
  }
  int64_t Stride() const { return std::max(axes[0].stride, axes[1].stride); }
};

/// Goes through a recording in its order.
class Walk {
 public:
  Walk(const OpRecorder& record, const TensorUse& image,
       std::map<std::pair<int, int64_t>, Parameter> parameters)
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
      Advance(op, out);
      AddLayer(op, out);
    }
    for (const TensorUse& tensor : op.outputs) {
      if (tensor.memory >= 0) traces_[tensor.memory].Merge(out);
    }
    if (out.from_image && !out.upsampled) AddToDeepest(out);
  }

  /// From what goes into an operator to what comes out.
  void Advance(const RecordedOp& op, Trace& trace) const {
    switch (KindOf(op)) {
      case OpKind::kConvolution:
        ++trace.conv_layers;
        Look(WindowOf(op), trace);
        break;
      case OpKind::kPool:
        Look(WindowOf(op), trace);
        break;
      case OpKind::kAverage:
        if (IsGlobal(op)) {
          LookAtAll(WindowOf(op), trace);
        } else {
          Look(WindowOf(op), trace);
        }
        break;
      case OpKind::kAdaptive:
      case OpKind::kReduction: {
        const Window window = WindowOf(op);
        if (window.size != Window().size) LookAtAll(window, trace);
        break;
      }
      case OpKind::kProduct:
        Multiply(op, trace);
        break;
      case OpKind::kTransposedConvolution:
        trace.upsampled = true;
        break;
      case OpKind::kUpsampling: {
        const TensorUse* in = TensorAt(op, 0);
        const bool same =
            in != nullptr && !op.outputs.empty() && MapSize(*in) == MapSize(op.outputs[0]);
        trace.upsampled |= !same;
        break;
      }
      case OpKind::kElementwise:
      case OpKind::kMove:
      case OpKind::kUnknown:
        break;
    }
  }

  static void Look(const Window& window, Trace& trace) {
    for (size_t i = 0; i < trace.axes.size(); ++i) {
      Reach& reach = trace.axes[i];
      reach.field += (window.size[i] - 1) * reach.stride;
      reach.field_with_pool += (window.size[i] - 1) * reach.stride;
      reach.stride *= window.stride[i];
    }
  }

  static void LookAtAll(const Window& window, Trace& trace) {
    trace.whole_image = true;
    for (size_t i = 0; i < trace.axes.size(); ++i) {
      trace.axes[i].field_with_pool += (window.size[i] - 1) * trace.axes[i].stride;
    }
  }

  /// Whether a pool makes one cell of a map that has several.
  static bool IsGlobal(const RecordedOp& op) {
    const TensorUse* in = TensorAt(op, 0);
    const std::array<int64_t, 2> one = {1, 1};
    return in != nullptr && !op.outputs.empty() && MapSize(op.outputs[0]) == one &&
           MapSize(*in) != one;
  }

  void Multiply(const RecordedOp& op, Trace& trace) const {
    int images = 0, weights = 0, constants = 0;
    // The first operand of these is added.
    const size_t first = op.name == "addmm" || op.name == "baddbmm" ? 1 : 0;
    for (size_t i = first; i < first + 2; ++i) {
      const TensorUse* factor = TensorAt(op, i);
      if (factor == nullptr || factor->memory < 0) continue;
      const Trace& known = traces_[factor->memory];
      ++(known.from_image ? images : known.from_parameter ? weights : constants);
    }
    if (constants > 0) trace.upsampled = true;
    if (weights > 0) ++trace.conv_layers;
    if (weights > 0 || images > 1) trace.whole_image = true;
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
        Parameter& parameter = found->second;
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
  std::map<std::pair<int, int64_t>, Parameter> parameters_;  ///< by memory and offset
  Profile profile_;
};

/// Puts a network into eval mode for as long as this object lives.
class EvalGuard {
 public:
  explicit EvalGuard(SegModel& model) : model_(model), training_(model.is_training()) {
    for (const auto& module : model.modules(/*include_self=*/false)) {
      modes_.emplace_back(module, module->is_training());
    }
    model.eval();
  }
  ~EvalGuard() {
    model_.train(training_);
    // Parents come before their children, whom they pass their mode on.
    for (const auto& [module, training] : modes_) module->train(training);
  }
  EvalGuard(const EvalGuard&) = delete;
  EvalGuard& operator=(const EvalGuard&) = delete;

 private:
  SegModel& model_;
  bool training_;
  std::vector<std::pair<std::shared_ptr<torch::nn::Module>, bool>> modes_;
};

/// How much further than its deepest map the classifier on this backbone sees through its pool.
int64_t ClassifierPool(const Json& backbone, int64_t field) {
  const std::shared_ptr<SegModel> classifier = MakeClassifier(backbone, 1, "models.backbone");
  const DeepestMap map = ProfileModel(*classifier, kClassifierSide, kClassifierSide).deepest;
  // Otherwise the network goes on where the classifier pools.
  return map.receptive_field == field ? map.receptive_field_with_pool - map.receptive_field : 0;
}

}  // namespace

Profile ProfileModel(SegModel& model, int64_t height, int64_t width) {
  const EvalGuard eval(model);
  const c10::InferenceMode inference;
  const at::Tensor image = torch::zeros({1, 3, height, width});

  OpRecorder record;
  const TensorUse image_use = record.Use(image);
  std::map<std::pair<int, int64_t>, Parameter> parameters;
  int64_t elements = 0;
  for (const auto& item : model.named_parameters()) {
    const TensorUse use = record.Use(item.value());
    parameters[{use.memory, use.offset}] = {item.key(), use.sizes};
    elements += item.value().numel();
  }
  const SegOutput out = model.forward(image);
  std::vector<TensorUse> kept = {record.Use(out.logits)};
  if (out.aux_logits.defined()) kept.push_back(record.Use(out.aux_logits));
  record.Stop();

  Profile profile = Walk(record, image_use, std::move(parameters)).Run(kept);
  profile.parameters = elements;
  profile.input = image.sizes().vec();
  profile.output = out.logits.sizes().vec();
  return profile;
}

void CountClassifierPool(const Json& spec, Profile& profile) {
  DeepestMap& deepest = profile.deepest;
  const bool has_lost_it = ModelTask(spec, "models") == Task::kSegmentation &&
                           spec.contains("backbone") && !deepest.whole_image;
  if (!has_lost_it) return;
  deepest.receptive_field_with_pool += ClassifierPool(spec["backbone"], deepest.receptive_field);
}

Json ToJson(const Profile& profile) {
  const DeepestMap& deepest = profile.deepest;
  Json json = {{"parameters", profile.parameters},
               {"unused_parameters", profile.unused_parameters},
               {"macs", profile.macs},
               {"flops", profile.flops},
               {"conv_layers", deepest.conv_layers},
               {"receptive_field", deepest.receptive_field},
               {"whole_image", deepest.whole_image}};
  if (deepest.receptive_field_with_pool != deepest.receptive_field) {
    json["receptive_field_with_pool"] = deepest.receptive_field_with_pool;
  }
  json["max_stride"] = deepest.max_stride;
  json["input"] = profile.input;
  json["output"] = profile.output;
  json["activation_bytes"] = profile.activation_bytes;
  json["peak_activation_bytes"] = profile.peak_activation_bytes;
  json["layers"] = Json::array();
  for (const LayerProfile& layer : profile.layers) {
    Json row = {{"name", layer.name},
                {"op", layer.op},
                {"output", layer.output},
                {"parameters", layer.parameters},
                {"macs", layer.macs},
                {"flops", layer.flops},
                {"output_bytes", layer.output_bytes}};
    if (layer.receptive_field > 0) {
      row["receptive_field"] = layer.receptive_field;
      row["stride"] = layer.stride;
    }
    json["layers"].push_back(row);
  }
  json["uncounted"] = Json::array();
  for (const auto& [op, calls] : profile.uncounted) {
    json["uncounted"].push_back({{"op", op}, {"calls", calls}});
  }
  return json;
}

}  // namespace seglab
