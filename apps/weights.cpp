#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/names.h"
#include "command_line.h"
#include "commands.h"
#include "data/labels.h"
#include "option_groups.h"
#include "tensor/element_type.h"
#include "tensor/preprocessing.h"
#include "tensor/state.h"
#include "weights/caffe_names.h"
#include "weights/caffe_network.h"
#include "weights/checkpoint_file.h"
#include "weights/load.h"
#include "weights/model_spec.h"
#include "weights/network_match.h"
#include "weights/network_shapes.h"
#include "weights/weight_place.h"
#include "weights/weight_preprocessing.h"
#include "weights_check.h"

namespace seglab {
namespace {

/// A text from a file on one line of bounded length.
std::string Shortened(std::string text) {
  constexpr size_t kLongest = 100;
  const bool cut = text.size() > kLongest;
  if (cut) {
    size_t end = kLongest;
    while (end > 0 && (text[end] & 0xC0) == 0x80) --end;  // not within a UTF-8 character
    text.resize(end);
  }
  for (char& letter : text) {
    if (static_cast<unsigned char>(letter) < ' ' || letter == 0x7f) letter = ' ';
  }
  return cut ? text + "..." : text;
}

/// "1.5 MB"
std::string Bytes(uint64_t bytes) {
  if (bytes < 10'000) return StrCat(bytes, " bytes");
  const bool kilo = bytes < 10'000'000;
  const uint64_t tenths = bytes / (kilo ? 100 : 100'000);
  return StrCat(tenths / 10, ".", tenths % 10, kilo ? " kB" : " MB");
}

const char* SourceName(PreprocessingSource source) {
  switch (source) {
    case PreprocessingSource::kStated:
      return "stated";
    case PreprocessingSource::kKnown:
      return "known";
    case PreprocessingSource::kUnknown:
      break;
  }
  return "unknown";
}

Json PlaceJson(const WeightPlace& place) {
  return {{"prefix", place.prefix},
          {"unwrapped", place.unwrapped},
          {"beside", place.beside},
          {"others", place.others},
          {"text", PlaceText(place)}};
}

/// What of the file is a network's, and which.
Json Networks(TensorFile& file, const std::string& key, const std::string& path, Json& place) {
  Json networks = Json::array();
  if (IsCheckpoint(file) && key.empty()) {
    networks.push_back({{"spec", CheckpointSpec(file, path)}, {"whole", true}});
    return networks;
  }
  PlacedNetworks found = FindNetworks(file, key, path);
  place = PlaceJson(found.place);
  file.tensors = TensorsAt(file, found.place);
  for (NetworkMatch& match : found.networks) {
    networks.push_back({{"spec", CaffeNetwork(file, match.spec)}, {"whole", match.whole}});
  }
  return networks;
}

Json Describe(const std::string& path, const std::string& key) {
  TensorFile file = ReadNetworkWeights(path);
  Json place = PlaceJson({});
  const Json networks = Networks(file, key, path, place);
  std::erase_if(file.tensors, [](const auto& item) { return !item.second.defined(); });
  const WeightPreprocessing preprocessing = PreprocessingOf(file, NetworkTraits(), path);
  Json metadata = Json::object(), tensors = Json::array();
  for (const auto& [key, text] : file.metadata) metadata[key] = text;
  int64_t elements = 0, bytes = 0;
  for (const auto& [name, tensor] : file.tensors) {
    const int64_t size = tensor.numel() * static_cast<int64_t>(tensor.element_size());
    tensors.push_back({{"name", name},
                       {"type", ElementTypeName(tensor.scalar_type())},
                       {"shape", tensor.sizes().vec()},
                       {"bytes", size}});
    elements += tensor.numel();
    bytes += size;
  }
  const bool known = preprocessing.source != PreprocessingSource::kUnknown;
  return {{"file", path},
          {"format", file.format},
          {"file_bytes", std::filesystem::file_size(path)},
          {"checkpoint", IsCheckpoint(file)},
          {"place", place},
          {"unread", file.unread},
          {"networks", networks},
          {"preprocessing_source", SourceName(preprocessing.source)},
          {"preprocessing_basis", preprocessing.basis},
          {"preprocessing", known ? preprocessing.value.ToJson() : Json()},
          {"metadata", metadata},
          {"elements", elements},
          {"tensor_bytes", bytes},
          {"tensors", tensors}};
}

void PrintPlace(const Json& description) {
  const std::string text = description["place"]["text"];
  if (!text.empty()) std::cout << "names          " << text << "\n";
  for (const auto& [name, why] : description["unread"].items()) {
    std::cout << "not read       " << Shortened(name) << " " << Shortened(why.get<std::string>())
              << "\n";
  }
}

void PrintNetworks(const Json& description) {
  const Json& networks = description["networks"];
  if (networks.empty()) std::cout << "network        none that is known has these names\n";
  for (const Json& network : networks) {
    const std::string spec = network["spec"].dump();
    if (description["checkpoint"].get<bool>()) {
      std::cout << "network        " << spec << ", a seglab checkpoint\n";
    } else if (network["whole"].get<bool>()) {
      std::cout << "network        its names fit --as '" << spec << "'\n";
    } else if (network["spec"].contains("backbone")) {
      std::cout << "network        \"init\" for those on the backbone "
                << network["spec"]["backbone"] << ", without its classifier\n";
    } else {
      std::cout << "network        \"init\" for " << spec << ", without its head\n";
    }
  }
}

void PrintPreprocessing(const Json& description) {
  const Json& value = description["preprocessing"];
  std::cout << "preprocessing  ";
  if (value.is_null()) {
    std::cout << "not stated\n";
    return;
  }
  const std::string basis = description["preprocessing_basis"];
  std::cout << PreprocessingText(Preprocessing::FromJson(value, "preprocessing")) << ", "
            << (basis.empty() ? "stated in its metadata" : "known from " + basis) << "\n";
}

void Print(const Json& description) {
  std::cout << "file           " << description["file"].get<std::string>() << ", "
            << Bytes(description["file_bytes"]) << "\nformat         "
            << description["format"].get<std::string>() << "\n";
  PrintPlace(description);
  PrintNetworks(description);
  PrintPreprocessing(description);
  if (!description["metadata"].empty()) std::cout << "metadata\n";
  for (const auto& [key, text] : description["metadata"].items())
    std::cout << "  " << Shortened(key) << ": " << Shortened(text) << "\n";
  std::cout << "tensors        " << description["tensors"].size() << " with "
            << description["elements"] << " elements, " << Bytes(description["tensor_bytes"])
            << "\n";
  for (const Json& tensor : description["tensors"]) {
    std::cout << "  " << std::left << std::setw(48) << Shortened(tensor["name"]) << " "
              << std::setw(5) << tensor["type"].get<std::string>() << std::setw(20)
              << ShapeText(tensor["shape"].get<std::vector<int64_t>>()) << tensor["bytes"] << "\n";
  }
}

constexpr char kTrainingState[] = "state";  // in the metadata, of a training that ends here

struct ConvertOptions {
  std::string as, labels, preprocessing, key;
};

/// The file as it is; of a checkpoint the network, without what its training would go on with.
/// Caffe's preprocessing is written into it: its format, by which it is known, ends here, as do its
/// names.
void Copy(TensorFile& file, const std::string& from, const std::string& out,
          const ConvertOptions& options) {
  if (!options.labels.empty())
    throw UsageError("weights convert: --labels belongs to a network; name it with --as");
  if (!options.preprocessing.empty()) {
    const Preprocessing named = Preprocessing::FromJson(
        ParsePreprocessing(options.preprocessing, "--preprocessing"), "--preprocessing");
    const PreprocessingChoice choice = ChoosePreprocessing(file, {}, &named, from);
    choice.Log();
    choice.value.ToMetadata(file.metadata);
  } else if (file.format == "caffemodel") {
    const PreprocessingChoice choice = ChoosePreprocessing(file, {}, nullptr, from);
    choice.Log();
    choice.value.ToMetadata(file.metadata);
  }
  if (IsCheckpoint(file)) file.metadata.erase(kTrainingState);
  WriteSafetensors(out, ModelTensors(file), file.metadata);
}

/// The file as seglab checkpoint of a network. Types stay: LoadState widens what it reads.
void MakeCheckpoint(TensorFile& file, const std::string& from, const std::string& out,
                    const ConvertOptions& options) {
  ModelChoice choice;
  choice.model_from = "--as";
  choice.model = ParseModelSpec(options.as, choice.model_from);
  if (!options.preprocessing.empty()) {
    if (choice.model.contains("preprocessing"))
      throw UsageError("weights convert: both --as and --preprocessing name the preprocessing");
    choice.model["preprocessing"] = ParsePreprocessing(options.preprocessing, "--preprocessing");
  }
  choice.labels_from = "--labels";
  if (!options.labels.empty()) choice.labels = ParseLabels(options.labels, choice.labels_from);
  choice.require_preprocessing = true;
  if (!IsCheckpoint(file) || !options.key.empty())
    TakeWeightsOf(*MakeShapes(choice.model, choice.model_from), file, options.key, from);
  const LoadedModel loaded = ModelFromWeights(file, from, choice);

  std::set<std::string> names;
  for (const auto& [name, tensor] : ModuleState(*loaded.model)) names.insert(name);
  NamedTensors tensors;
  for (const auto& item : ModelTensors(file)) {
    if (names.count(item.first) != 0) tensors.push_back(item);
  }
  file.metadata.erase(kTrainingState);
  for (const auto& [key, text] : ModelMetadata(*loaded.model, loaded.spec, loaded.labels))
    file.metadata[key] = text;
  WriteSafetensors(out, tensors, file.metadata);
}

void Convert(const std::string& in, const std::string& out, const ConvertOptions& options) {
  if (!out.ends_with(".safetensors")) {
    throw Error(out,
                ": only safetensors are written; let its name end in .safetensors (Python reads "
                "them with safetensors.torch.load_file)");
  }
  const std::string from = FindCheckpoint(in);
  std::error_code absent;
  if (from == out || std::filesystem::equivalent(from, out, absent))
    throw Error(out, ": is the file that is to be converted; write to another one");
  TensorFile file = ReadNetworkWeights(from);
  if (options.as.empty()) {
    if (!IsCheckpoint(file) || !options.key.empty()) {
      const WeightPlace place = FindNetworks(file, options.key, from).place;
      TakePlace(file, place, from);
      if (!place.IsPlain()) Log::Info(from, ": ", PlaceText(place));
    }
    Copy(file, from, out, options);
  } else {
    MakeCheckpoint(file, from, out, options);
  }
}

}  // namespace

int WeightsCommand(const Args& args) {
  std::vector<std::string> words;
  ConvertOptions options;
  bool json = false;
  CommandLine line(
      "weights inspect FILE [--json] | check FILE... | list [--json] | convert FILE "
      "OUT.safetensors "
      "[--as NAME|JSON]",
      "Tells what is in a weight file (safetensors, .pth, .caffemodel; or a run folder); checks "
      "that "
      "files are whole and what they are; lists published ones; converts a file, with --as into a "
      "checkpoint for eval and predict.");
  line.Positional(&words, 1, 1000)
      .Flag("json", &json, "inspect, list: print JSON")
      .Option("as", &options.as, "convert: the network; the weights must fit it")
      .Option("labels", &options.labels,
              "convert: its classes, voc, camvid or a JSON file {\"names\": [...]}; without it a "
              "network of 21 classes gets voc's")
      .Option("preprocessing", &options.preprocessing,
              "convert: what the weights were trained on, imagenet, caffe, unit or JSON");
  AddKey(line, &options.key);
  if (!line.Parse(args)) return 0;
  if (words[0] == "inspect") {
    if (words.size() != 2) throw UsageError("weights inspect: give one FILE");
    const Json description = Describe(FindCheckpoint(words[1]), options.key);
    if (json) {
      std::cout << description.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
    } else {
      Print(description);
    }
    return 0;
  }
  if (words[0] == "list") {
    if (words.size() != 1) throw UsageError("weights list: takes no file");
    ListKnownFiles(json);
    return 0;
  }
  if (words[0] == "check") {
    if (words.size() < 2) throw UsageError("weights check: give the FILES");
    CheckWeightFiles({words.begin() + 1, words.end()}, options.key);
    return 0;
  }
  if (words[0] != "convert")
    throw UsageError("weights: ",
                     UnknownName("action", words[0], {"inspect", "check", "list", "convert"}));
  if (words.size() != 3) throw UsageError("weights convert: give FILE and OUT.safetensors");
  Convert(words[1], words[2], options);
  return 0;
}

}  // namespace seglab
