#include <torch/torch.h>

#include "base/error.h"
#include "base/files.h"
#include "command_line.h"
#include "commands.h"
#include "models/registry.h"
#include "tensor/runtime.h"
#include "tensor/state.h"
#include "tensor/tensor_file.h"
#include "train/model_file.h"

namespace seglab {
namespace {

/// The number of classes that a weight file is for: rows of its last score layer, when it says so.
int ClassesOf(const TensorFile& file) {
  auto labels = file.metadata.find("labels");
  if (labels == file.metadata.end()) return 0;
  return static_cast<int>(ParseJson(labels->second, "labels")["names"].size());
}

}  // namespace

int ForwardCommand(const Args& args) {
  std::string model_json, weights, input, output, device = "auto";
  CommandLine line("forward --model JSON --weights FILE --input FILE --output FILE",
                   "Runs a network on tensor \"image\" (N, 3, H, W), already normalised, and "
                   "writes \"logits\".");
  line.Required("model", &model_json,
                "network as JSON, e.g. '{\"name\": \"fcn8s\", \"num_classes\": 21}', or a file")
      .Required("weights", &weights, "safetensors file with this network's names")
      .Required("input", &input, "safetensors file with tensor \"image\", float")
      .Required("output", &output,
                "safetensors file to write: logits, and aux_logits where there are some")
      .Option("device", &device, "auto, cpu, cuda, cuda:1");
  if (!line.Parse(args)) return 0;
  const Json spec =
      FileExists(model_json) ? ReadJsonFile(model_json) : ParseJson(model_json, "--model");
  const TensorFile file = ReadSafetensors(weights);
  const std::shared_ptr<SegModel> model = MakeModel(spec, ClassesOf(file), "--model");
  LoadOptions options;
  options.where = weights;
  LoadState(*model, ModelTensors(file), options);

  const TensorFile in = ReadSafetensors(input);
  const at::Tensor* image = in.Find("image");
  if (image == nullptr) throw Error(input, ": has no tensor \"image\"");
  CheckShape(*image, {-1, 3, -1, -1}, input + ": image");
  c10::InferenceMode inference;
  const c10::Device where = PickDevice(device);
  model->to(where);
  model->eval();
  const SegOutput out =
      model->forward(image->to(where, at::kFloat).contiguous(at::MemoryFormat::ChannelsLast));
  NamedTensors results = {{"logits", out.logits}};
  if (out.aux_logits.defined()) results.emplace_back("aux_logits", out.aux_logits);
  WriteSafetensors(output, results);
  return 0;
}

}  // namespace seglab
