#include "option_groups.h"

#include <torch/torch.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "data/registry.h"
#include "models/registry.h"
#include "tensor/runtime.h"
#include "weights/model_spec.h"

namespace seglab {

void AddDataRoot(CommandLine& line, std::string* root) {
  line.Option("data-root", root, "root folder of the data set");
}

void AddKey(CommandLine& line, std::string* key) {
  line.Option("key", key,
              "weights below this key of the file, as \"model_ema\"; without it those that fit the "
              "network");
}

void AddBackbone(CommandLine& line, std::string* backbone) {
  line.Option("backbone", backbone, "backbone of the network, by name or as JSON");
}

void AddDevice(CommandLine& line, std::string* device) {
  line.Option("device", device, "auto, cpu, cuda, cuda:1");
}

void AddProcesses(CommandLine& line, int* processes) {
  line.Option(
      "nproc", processes,
      "processes of this machine that share each batch (one for each GPU); torchrun and srun "
      "start them too");
}

namespace {

bool meets = false;  ///< MeetGroup was called

/// The GPU of one of several processes of this machine.
/// @param share  true: more of them than GPUs share these; false: each has one
/// @param given  false, or true where the launcher may show each of them one GPU of its own
std::string OwnGpu(int number, int processes, bool share, bool given) {
  const auto count = static_cast<int>(torch::cuda::device_count());
  if (share) return StrCat("cuda:", number % count);
  if (number < count) return StrCat("cuda:", number);
  if (count == 1 && given) return "cuda:0";
  throw Error("device: ", processes, " processes of this machine and ", count,
              " GPUs; start as many processes as there are GPUs, or take --device cpu");
}

bool TakesAnyGpu(const std::string& device) {
  return (device == "auto" || device == "cuda") && torch::cuda::is_available();
}

}  // namespace

void PlaceWorker(int number, std::string& device) {
  if (TakesAnyGpu(device)) device = OwnGpu(number, 0, /*share=*/true, /*given=*/false);
}

bool MistakesAreOfAll() {
  try {
    const std::optional<World> world = ReadWorld();
    return !meets && world && world->rank > 0 && world->local_size == world->size;
  } catch (const Error&) {  // it is what is wrong
    return false;
  }
}

std::unique_ptr<Group> MeetGroup(std::string& device) {
  meets = true;
  const std::optional<World> world = ReadWorld();
  if (!world || world->size == 1) return nullptr;
  if (TakesAnyGpu(device))
    device = OwnGpu(world->local_rank, std::max(world->local_size, world->local_rank + 1),
                    /*share=*/false, world->by == "srun");
  return std::make_unique<Group>(*world, PickDevice(device));
}

void AddLogForms(CommandLine& line, LogForms* forms) {
  line.Flag("tensorboard", &forms->tensorboard, "write each run's log as TensorBoard's events too")
      .Flag("csv", &forms->csv, "write it as metrics.csv too");
}

void AddAbsent(CommandLine& line, std::string* absent) {
  line.Option("absent", absent, "rule for classes that are absent: union, truth, one, zero, nan");
}

void AddScoresFile(CommandLine& line, std::string* json) {
  line.Option("json", json, "write the scores to this file as well");
}

DataOptions::DataOptions(std::string usual, std::string verb)
    : usual_(std::move(usual)), split_(usual_), verb_(std::move(verb)) {}

void DataOptions::AddTo(CommandLine& line) {
  line.Option("dataset", &name_, "name of the data set, see seglab data list");
  AddDataRoot(line, &root_);
  line.Option("split", &split_,
              "split to " + verb_ + (usual_.empty() ? "; \"\" = the data set's usual one" : ""));
}

Json DataOptions::Spec(const CommandLine& line, const std::vector<std::string>& settings) const {
  if (name_.empty()) throw UsageError("--dataset is missing, name a data set (seglab data list)");
  Json spec = {{"name", name_}};
  if (!root_.empty()) spec["root"] = root_;
  if (line.Given("split") && !split_.empty()) spec["split"] = split_;
  for (const std::string& setting : settings) ApplySetting(spec, setting);
  if (line.Given("split") || usual_.empty() || spec.contains("split")) return spec;
  if (SplitsOf(spec, "--dataset").empty()) {
    Log::Info(spec.value("root", name_), ": has no splits, all samples are taken to ", verb_,
              "; its option split={\"fraction\": 0.8, \"part\": \"val\"} takes a part");
    return spec;
  }
  spec["split"] = usual_;
  return spec;
}

std::shared_ptr<const Dataset> MakeSegmentationData(const Json& spec) {
  std::shared_ptr<const Dataset> dataset = MakeDataset(spec);
  if (dataset->GetTask() != Task::kSegmentation) {
    throw Error(spec["name"].get<std::string>(),
                ": has no label maps; take a data set of segmentation");
  }
  return dataset;
}

void NetworkOptions::AddTo(CommandLine& line) {
  line.Required("checkpoint", &checkpoint_, "run folder or weight file")
      .Option("model", &model_,
              "network of a weight file that does not name it: its name, JSON or a file");
  AddKey(line, &key_);
  AddDevice(line, &device_);
}

LoadedModel NetworkOptions::Load(const LabelSet& labels, const std::string& labels_from) const {
  ModelChoice choice;
  if (!model_.empty()) choice.model = ParseModelSpec(model_, "--model");
  choice.key = key_;
  choice.labels = labels;
  choice.labels_from = labels_from;
  const c10::Device device = PickDevice(device_);
  LoadedModel loaded = LoadModelFile(checkpoint_, choice);
  loaded.model->to(device);
  return loaded;
}

void RefuseClassifier(const LoadedModel& loaded, const std::string& why_not) {
  if (ModelTask(loaded.spec, loaded.path) != Task::kClassification) return;
  throw Error(loaded.path, ": is a classifier, which ", why_not, "; take a segmentation network");
}

}  // namespace seglab
