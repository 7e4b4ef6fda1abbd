#include <torch/torch.h>

#include <algorithm>
#include <iomanip>
#include <iostream>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "command_line.h"
#include "commands.h"
#include "models/backbones/backbone.h"
#include "models/rcnn.h"
#include "models/registry.h"
#include "option_groups.h"
#include "profile/profile.h"
#include "tensor/state.h"
#include "weights/model_spec.h"

namespace seglab {
namespace {

constexpr char kWhere[] = "models";

template <typename Row>
std::vector<std::string> Names(const std::vector<Row>& rows) {
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.name);
  return names;
}

size_t Longest(const std::vector<std::string>& texts) {
  size_t longest = 0;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  return longest;
}

// The list

template <typename Row>
void PrintRows(const std::vector<Row>& rows, size_t width) {
  for (const Row& row : rows) {
    std::cout << "  " << std::left << std::setw(static_cast<int>(width) + 2) << row.name
              << row.summary << " (" << row.source << ")\n";
  }
}

void PrintList() {
  const size_t width = std::max(Longest(Names(ModelRows())), Longest(Names(BackboneRows())));
  std::cout << "networks\n";
  PrintRows(ModelRows(), width);
  std::cout << "\nbackbones\n";
  PrintRows(BackboneRows(), width);
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

// Texts of figures

/// The text of a count, nothing for 0.
std::string OrBlank(int64_t count, std::string (*text)(int64_t)) {
  return count == 0 ? "" : text(count);
}

std::string FieldText(const DeepestMap& map) {
  std::string text = std::to_string(map.receptive_field);
  if (map.whole_image) text += ", then the whole image";
  if (map.receptive_field_with_pool != map.receptive_field) {
    text += StrCat(" (", map.receptive_field_with_pool, " with the ",
                   map.whole_image ? "" : "classifier's ", "average pool counted)");
  }
  return text;
}

/// Lines of cells under a head: the first `left` columns and the last are set left, others right.
void PrintTable(const std::vector<std::vector<std::string>>& rows, size_t left) {
  std::vector<size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line = " ";
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      const bool to_left = i < left || i + 1 == row.size();
      line += to_left ? " " + row[i] + space + " " : " " + space + row[i] + " ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::cout << line << "\n";
  }
}

// One network

void PrintProfile(const Json& spec, const Profile& profile) {
  const DeepestMap& map = profile.deepest;
  std::cout << spec.dump() << "\n  parameters         " << FormatGrouped(profile.parameters);
  if (profile.unused_parameters > 0) {
    std::cout << " (" << FormatGrouped(profile.unused_parameters) << " of them for training only)";
  }
  std::cout << "\n  MACs               " << FormatGrouped(profile.macs) << "\n  FLOPs              "
            << FormatGrouped(profile.flops) << " (2 a MAC, and all other arithmetic)"
            << "\n  conv layers        " << map.conv_layers << " on the longest path"
            << "\n  receptive field    " << FieldText(map) << "\n  max stride         "
            << map.max_stride << "\n  input              " << Json(profile.input).dump()
            << "\n  output             " << Json(profile.output).dump() << "\n  activation memory  "
            << FormatBytes(profile.activation_bytes) << " in all, "
            << FormatBytes(profile.peak_activation_bytes) << " at once in inference\n";
  if (!profile.uncounted.empty()) {
    std::vector<std::string> calls;
    for (const auto& [op, count] : profile.uncounted) calls.push_back(StrCat(op, " x", count));
    std::cout << "  not counted        " << Join(calls) << "\n";
  }
  std::cout << "\n";
  std::vector<std::vector<std::string>> rows = {
      {"operator", "output", "parameters", "MACs", "FLOPs", "memory", "field", "stride", "weight"}};
  for (const LayerProfile& layer : profile.layers) {
    rows.push_back(
        {layer.op, Json(layer.output).dump(), OrBlank(layer.parameters, FormatGrouped),
         OrBlank(layer.macs, FormatThreeFigures), OrBlank(layer.flops, FormatThreeFigures),
         OrBlank(layer.output_bytes, FormatBytes), OrBlank(layer.receptive_field, FormatGrouped),
         OrBlank(layer.stride, FormatGrouped),
         layer.weight.empty() ? "" : layer.weight + " " + ShapeText(layer.weight_shape)});
  }
  PrintTable(rows, 2);
}

struct Size {
  int classes = 0;  ///< 0 here and below: what is usual for the task
  int64_t height = 0, width = 0;

  void FillIn(Task task) {
    const bool classifier = task == Task::kClassification;
    const int64_t side = classifier ? 224 : 500;
    if (classes == 0) classes = classifier ? 1000 : 21;
    if (height == 0) height = side;
    if (width == 0) width = side;
    if (height < 1 || width < 1 || classes < 1)
      throw UsageError("models: --classes, --height and --width must be at least 1");
  }
};

/// What a fitted network costs is its backbone's pass over each crop. @return as classifier
Json BackboneOf(const Json& spec, Size& size, bool json) {
  const std::shared_ptr<SegModel> model =
      MakeModel(spec, size.classes > 0 ? size.classes : 21, kWhere);
  const Json crop = spec.value("crop", Json::object());
  if (size.height > 0 || size.width > 0)
    throw UsageError(
        "models: a region network sees crops, of the side that \"crop\" says; leave "
        "--height and --width out");
  size = {1000, crop.value("side", CropOptions().side), crop.value("side", CropOptions().side)};
  if (!json) {
    int64_t parameters = 0;
    for (const at::Tensor& tensor : model->parameters()) parameters += tensor.numel();
    std::cout << spec.dump() << "\n  parameters         " << FormatGrouped(parameters)
              << "\nFor each region, and for full+fg twice, it runs its backbone on a crop:\n\n";
  }
  return RcnnTrunk(spec);
}

void Describe(const Json& network, Size size, bool json) {
  const bool fitted = ModelRecipe(network, kWhere) == Recipe::kFitted;
  const Json spec = fitted ? BackboneOf(network, size, json) : network;
  size.FillIn(ModelTask(spec, kWhere));
  const std::shared_ptr<SegModel> model =
      MakeModel(spec, spec.contains("num_classes") ? 0 : size.classes, kWhere);
  Profile profile = ProfileModel(*model, size.height, size.width);
  CountClassifierPool(spec, profile);
  if (!json) {
    PrintProfile(spec, profile);
    return;
  }
  Json description = {{"model", network}};
  if (fitted) description["of_each_region"] = spec;
  description.update(ToJson(profile));
  description["preprocessing"] = model->preprocessing.ToJson();
  description["parameter_tensors"] = Json::array();
  for (const auto& item : model->named_parameters()) {
    description["parameter_tensors"].push_back(
        {{"name", item.key()}, {"shape", item.value().sizes().vec()}});
  }
  std::cout << description.dump(2) << "\n";
}

/// One line for each backbone as classifier.
void PrintTableOfBackbones(Size size, bool json) {
  size.FillIn(Task::kClassification);
  Json all = Json::array();
  std::vector<std::vector<std::string>> rows = {
      {"backbone", "parameters", "MACs", "conv layers", "stride", "receptive field"}};
  for (const BackboneRow& row : BackboneRows()) {
    const auto model = MakeClassifier(row.name, size.classes, kWhere);
    const Profile profile = ProfileModel(*model, size.height, size.width);
    const DeepestMap& map = profile.deepest;
    Json entry = {{"name", row.name}};
    entry.update(ToJson(profile));
    entry.erase("layers");
    all.push_back(entry);
    rows.push_back({row.name, FormatGrouped(profile.parameters), FormatGrouped(profile.macs),
                    std::to_string(map.conv_layers), std::to_string(map.max_stride),
                    FieldText(map)});
  }
  if (json) {
    std::cout << all.dump(2) << "\n";
  } else {
    PrintTable(rows, 1);
  }
}

}  // namespace

int ModelsCommand(const Args& args) {
  std::vector<std::string> names;
  std::string backbone;
  Size size;
  bool table = false, json = false;
  CommandLine line(
      "models [NAME | JSON | --table] [--backbone NAME | JSON] [--json]",
      "Lists networks and backbones, or describes one: what it costs and what it sees.");
  line.Positional(&names, 0, 1)
      .Option("classes", &size.classes, "number of classes; 0: 21, of classifiers 1000")
      .Option("height", &size.height, "rows of the input; 0: 500, of classifiers 224")
      .Option("width", &size.width, "columns of the input; 0: 500, of classifiers 224")
      .Flag("table", &table, "one line for each backbone as classifier")
      .Flag("json", &json, "print JSON");
  AddBackbone(line, &backbone);
  if (!line.Parse(args)) return 0;
  if (table) {
    if (!names.empty() || !backbone.empty()) {
      throw UsageError("models: --table shows all backbones; leave the name out");
    }
    PrintTableOfBackbones(size, json);
  } else if (!names.empty()) {
    Describe(ParseModelSpec(names[0], backbone, kWhere), size, json);
  } else if (json) {
    std::cout << ListAsJson().dump(2) << "\n";
  } else {
    PrintList();
  }
  return 0;
}

}  // namespace seglab
