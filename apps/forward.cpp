#include <torch/torch.h>

#include "base/error.h"
#include "command_line.h"
#include "commands.h"
#include "nn/fast_conv.h"
#include "option_groups.h"
#include "tensor/element_type.h"
#include "tensor/runtime.h"
#include "tensor/state.h"
#include "tensor/tensor_file.h"
#include "weights/load.h"
#include "weights/model_spec.h"

namespace seglab {
namespace {

/// What comes out of an image that is not normalised looks like scores too.
void CheckImage(const at::Tensor& image, const Preprocessing& preprocessing,
                const std::string& where) {
  CheckShape(image, {-1, 3, -1, -1}, where);
  if (!at::isFloatingType(image.scalar_type())) {
    throw Error(where, ": is ", ElementTypeName(image.scalar_type()),
                "; normalise it, for this network as ", PreprocessingText(preprocessing),
                ", to F32");
  }
  if (image.numel() == 0)
    throw Error(where, ": is empty, ", ShapeText(image.sizes()), "; give an image");
}

}  // namespace

int ForwardCommand(const Args& args) {
  std::string model_json, weights, key, input, output, device = "auto";
  CommandLine line("forward --model JSON --weights FILE --input FILE --output FILE",
                   "Runs a network on tensor \"image\" (N, 3, H, W), already normalised, and "
                   "writes \"logits\".");
  line.Required(
          "model", &model_json,
          "network: its name, JSON, e.g. '{\"name\": \"fcn8s\", \"num_classes\": 21}', or a file")
      .Required("weights", &weights, "safetensors, .pth or .caffemodel of this network")
      .Required("input", &input, "safetensors file with tensor \"image\", float")
      .Required("output", &output,
                "safetensors file to write: logits, and aux_logits where there are some");
  AddKey(line, &key);
  AddDevice(line, &device);
  bool winograd = false;
  line.Flag("winograd", &winograd, "on a CPU, 3x3 convolutions by Winograd's filtering");
  if (!line.Parse(args)) return 0;
  const Json spec = ParseModelSpec(model_json, "--model");
  const TensorFile file = ReadWeightsFor(spec, "--model", weights, key);
  const int classes = ClassesOfWeights(file, spec, "--model", weights);
  const std::shared_ptr<SegModel> model = MakeWithWeights(spec, classes, "--model", file, weights);

  const TensorFile in = ReadSafetensors(input);
  const at::Tensor* image = in.Find("image");
  if (image == nullptr) throw Error(input, ": has no tensor \"image\"");
  CheckImage(*image, model->preprocessing, input + ": image");
  c10::InferenceMode inference;
  const c10::Device where = PickDevice(device);
  model->to(where);
  model->aux_in_evaluation = true;
  model->eval();
  // As evaluation and prediction compute it.
  const FusedScope fused(where.is_cpu());
  const WinogradScope filtering(winograd && where.is_cpu());
  const SegOutput out =
      model->forward(image->to(where, at::kFloat).contiguous(at::MemoryFormat::ChannelsLast));
  NamedTensors results = {{"logits", out.logits.Values()}};
  if (out.train_on.size() > 1) results.emplace_back("aux_logits", out.train_on[1].logits.Values());
  WriteSafetensors(output, results);
  return 0;
}

}  // namespace seglab
