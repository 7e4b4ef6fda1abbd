#include <torch/torch.h>

#include <iomanip>
#include <iostream>
#include <map>

#include "base/error.h"
#include "command_line.h"
#include "commands.h"
#include "models/backbones/backbone.h"
#include "models/registry.h"

namespace seglab {
namespace {

void PrintList() {
  std::cout << "networks\n";
  for (const ModelRow& row : ModelRows()) {
    std::cout << "  " << std::left << std::setw(14) << row.name << row.summary << " (" << row.source
              << ")\n";
  }
  std::cout << "\nbackbones\n";
  for (const BackboneRow& row : BackboneRows()) {
    std::cout << "  " << std::left << std::setw(14) << row.name << row.summary << " (" << row.source
              << ")\n";
  }
}

Json ListAsJson() {
  Json list = {{"models", Json::array()}, {"backbones", Json::array()}};
  for (const ModelRow& row : ModelRows()) {
    list["models"].push_back(
        {{"name", row.name}, {"summary", row.summary}, {"source", row.source}});
  }
  for (const BackboneRow& row : BackboneRows()) {
    list["backbones"].push_back(
        {{"name", row.name}, {"summary", row.summary}, {"source", row.source}});
  }
  return list;
}

/// Parameters in all and by layer, and the output for an input of the given size.
Json Describe(const Json& spec, int classes, int64_t height, int64_t width) {
  const std::shared_ptr<SegModel> model = MakeModel(spec, classes, "models");
  model->eval();
  c10::InferenceMode inference;
  const at::Tensor logits = model->forward(torch::zeros({1, 3, height, width})).logits;
  Json layers = Json::array();
  int64_t total = 0;
  for (const auto& item : model->named_parameters()) {
    total += item.value().numel();
    layers.push_back({{"name", item.key()}, {"shape", item.value().sizes().vec()}});
  }
  return {{"model", spec},
          {"parameters", total},
          {"input", {1, 3, height, width}},
          {"output", logits.sizes().vec()},
          {"preprocessing", model->preprocessing.ToJson()},
          {"parameter_tensors", layers}};
}

}  // namespace

int ModelsCommand(const Args& args) {
  std::vector<std::string> names;
  std::string backbone;
  int classes = 21;
  int64_t height = 500, width = 500;
  bool json = false;
  CommandLine line("models [NAME | JSON] [--backbone NAME] [--json]",
                   "Lists networks and backbones, or describes one.");
  line.Positional(&names, 0, 1)
      .Option("backbone", &backbone, "backbone of the network, by name")
      .Option("classes", &classes, "number of classes")
      .Option("height", &height, "rows of the input")
      .Option("width", &width, "columns of the input")
      .Flag("json", &json, "print JSON");
  if (!line.Parse(args)) return 0;
  if (names.empty()) {
    if (json) {
      std::cout << ListAsJson().dump(2) << "\n";
    } else {
      PrintList();
    }
    return 0;
  }
  Json spec =
      names[0].rfind('{', 0) == 0 ? ParseJson(names[0], "models") : Json{{"name", names[0]}};
  if (!backbone.empty()) spec["backbone"] = backbone;
  const Json description =
      Describe(spec, spec.contains("num_classes") ? 0 : classes, height, width);
  if (json) {
    std::cout << description.dump(2) << "\n";
    return 0;
  }
  std::cout << spec.dump() << "\n  parameters  " << description["parameters"] << "\n  input       "
            << description["input"].dump() << "\n  output      " << description["output"].dump()
            << "\n";
  for (const Json& layer : description["parameter_tensors"]) {
    std::cout << "    " << std::left << std::setw(40) << layer["name"].get<std::string>()
              << layer["shape"].dump() << "\n";
  }
  return 0;
}

}  // namespace seglab
