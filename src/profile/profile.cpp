#include "profile/profile.h"

#include <torch/torch.h>

#include <utility>

#include "models/backbones/backbone.h"
#include "models/registry.h"
#include "profile/accounting.h"
#include "profile/op_record.h"

namespace seglab {
namespace {

constexpr int64_t kClassifierSide = 224;  // pixels; the size that classifiers are published for

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
  ParametersByPlace parameters;
  int64_t elements = 0;
  for (const auto& item : model.named_parameters()) {
    const TensorUse use = record.Use(item.value());
    parameters[{use.memory, use.offset}] = {item.key(), use.sizes};
    elements += item.value().numel();
  }
  const SegOutput out = model.forward(image);
  std::vector<TensorUse> kept = {record.Use(out.logits.Values())};
  for (const ScoreMap& map : out.train_on) kept.push_back(record.Use(map.logits.Values()));
  record.Stop();

  Profile profile = AccountOf(record, image_use, std::move(parameters), kept);
  profile.parameters = elements;
  profile.input = image.sizes().vec();
  profile.output = out.logits.sizes();
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
