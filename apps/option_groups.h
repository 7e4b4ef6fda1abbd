#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "command_line.h"
#include "data/dataset.h"
#include "parallel/group.h"
#include "train/log_forms.h"
#include "weights/load.h"

// Options that several commands have: declared once, the same in each.
namespace seglab {

void AddDataRoot(CommandLine& line, std::string* root);
void AddKey(CommandLine& line, std::string* key);
void AddBackbone(CommandLine& line, std::string* backbone);
/// --nproc, which is carried out before this program starts (processes.h).
void AddProcesses(CommandLine& line, int* processes);
/// Gives workers of one machine its GPUs in turn. @param device  "auto" becomes one
void PlaceWorker(int number, std::string& device);
/// Whether what goes wrong is said by the first process of this machine's job as well: this is
/// another, and MeetGroup was not called yet.
bool MistakesAreOfAll();
/// The group that this process is one of, by what its launcher says; null where it is alone.
/// @param device  "auto" becomes the GPU of its own, or the CPU
std::unique_ptr<Group> MeetGroup(std::string& device);
/// --tensorboard and --csv.
void AddLogForms(CommandLine& line, LogForms* forms);
void AddDevice(CommandLine& line, std::string* device);
void AddAbsent(CommandLine& line, std::string* absent);
/// --json of commands that print scores.
void AddScoresFile(CommandLine& line, std::string* json);

/// --dataset, --data-root and --split.
class DataOptions {
 public:
  /// @param usual  the split where the user names none; "" = the data set's own choice
  /// @param verb   what is done with the split: "score on"
  DataOptions(std::string usual, std::string verb);
  void AddTo(CommandLine& line);
  const std::string& name() const { return name_; }
  const std::string& root() const { return root_; }
  const std::string& split() const { return split_; }

  /// What MakeDataset takes. Without --split a data set that has no splits is taken whole, which is
  /// logged. @param settings  KEY=VALUE, options of the data set
  /// @throws UsageError where --dataset is missing; Error on an unknown one, a bad setting
  Json Spec(const CommandLine& line, const std::vector<std::string>& settings) const;

 private:
  std::string name_, root_, usual_, split_, verb_;
};

/// @throws Error as MakeDataset, and where the data set has no label maps
std::shared_ptr<const Dataset> MakeSegmentationData(const Json& spec);

/// --checkpoint, --model, --key and --device: a trained network.
class NetworkOptions {
 public:
  void AddTo(CommandLine& line);
  const std::string& key() const { return key_; }

  /// The network on its device. @param labels  its classes; empty: as the file says
  /// @param labels_from  who names them, for messages @throws Error as LoadModelFile
  LoadedModel Load(const LabelSet& labels, const std::string& labels_from) const;

 private:
  std::string checkpoint_, model_, key_, device_ = "auto";
};

/// @throws Error where the network is a classifier. @param why_not  "segments no images"
void RefuseClassifier(const LoadedModel& loaded, const std::string& why_not);

}  // namespace seglab
