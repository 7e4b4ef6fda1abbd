#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "data/dataset.h"
#include "models/seg_model.h"
#include "tensor/tensor_file.h"

namespace seglab {

/// A trained network with everything needed to use it.
struct LoadedModel {
  std::shared_ptr<SegModel> model;  ///< in evaluation mode
  Json spec;                        ///< what MakeModel made it from
  LabelSet labels;                  ///< the classes it was trained for
  std::string path;                 ///< the file it came from
};

/// The metadata under which a network is saved: "model" (JSON), "labels" (JSON), preprocessing.
std::map<std::string, std::string> ModelMetadata(const SegModel& model, const Json& spec,
                                                 const LabelSet& labels);

/// What a user says of a weight file that does not say it itself.
struct ModelChoice {
  Json model;  ///< what MakeModel makes the network from; null: as the file says
  std::string model_from = "--model";  ///< names it in messages
  LabelSet labels;                     ///< the classes; empty: as the file says
  std::string labels_from;             ///< who names them, for messages: "--labels", a data set
};

/// Reads a network with its weights: a seglab checkpoint, a run folder (best.safetensors if there
/// is one, else last.safetensors), or with `choice` any that ReadNetworkWeights knows.
/// See ModelFromWeights. @throws Error when it is missing or does not fit its description
LoadedModel LoadModelFile(const std::string& path, const ModelChoice& choice = {});

/// Reads a weight file of any kind that ReadWeights knows, a .caffemodel under the names that
/// networks have here (see UseNetworkNames).
TensorFile ReadNetworkWeights(const std::string& path);

/// Whether a file describes its network as seglab does: "model" and "labels" in the metadata of
/// other programs mean something else.
bool IsCheckpoint(const TensorFile& file);

/// Makes a file's network and loads the weights strictly.
///
/// The network is the chosen one, else the checkpoint's own. The classes are the chosen ones, else
/// the checkpoint's own; else, by their number (see ClassesOfWeights), VOC's where it is 21, which
/// is logged, and numbers for a classifier. Preprocessing: see ChoosePreprocessing.
/// @param path  of the file, for messages
LoadedModel ModelFromWeights(const TensorFile& file, const std::string& path,
                             const ModelChoice& choice);

/// A file's number of classes for a network: its "num_classes", else the number of rows in the
/// file of those layers that have one row in a network of one class.
/// @param spec_path  names the spec in messages
int ClassesOfWeights(const TensorFile& file, const Json& spec, const std::string& spec_path,
                     const std::string& path);

/// Loads all of a file's weights, save a checkpoint's optimiser and, where the network has none,
/// auxiliary heads, which only training looks at. @throws Error listing all that does not fit
void LoadWeights(SegModel& model, const TensorFile& file, const std::string& path);

/// Whether `name` is the first part of a tensor that LoadWeights may leave out: "aux_classifier".
bool IsAuxiliary(const std::string& name);

/// "best" or "last" of a run folder, or the file itself. @throws Error when there is none
std::string FindCheckpoint(const std::string& path, const std::string& prefer = "best");

/// The weights of a file without optimiser state.
NamedTensors ModelTensors(const TensorFile& file);

/// Where a network's weights come from.
struct InitOptions {
  std::string from;               ///< file, or run folder
  std::vector<std::string> skip;  ///< prefixes of layers to leave out (they keep fresh values)
};

/// Starts `model` with these tensors of a classifier of its backbone, an earlier FCN stage, or the
/// same network.
/// @param skip   layers that keep fresh values, by the tensors' names or by the network's
/// @param where  names the tensors' source in the message
/// @throws Error listing everything that does not fit
void InitFromTensors(SegModel& model, const NamedTensors& tensors,
                     const std::vector<std::string>& skip, const std::string& where);

/// The same with the weights of a file of any kind. The model's preprocessing becomes what
/// ChoosePreprocessing chooses.
/// @param spec  what the model was made from. Null: a preprocessing that is not MakeModel's own
///              counts as named by the user.
/// @throws Error listing everything that does not fit
void InitFromFile(SegModel& model, const InitOptions& options, const Json& spec = nullptr);

/// A network as users name it: a name, JSON, or a file with JSON; a backbone for its classifier.
/// @param where  names it in messages: "--model"
Json ParseModelSpec(const std::string& text, const std::string& where);

/// Classes as users name them: "voc", "camvid", or a JSON file {"names": [...], "palette": ...}, of
/// which the palette may be left out.
LabelSet ParseLabels(const std::string& text, const std::string& where);

/// Names and palette as JSON and back.
Json LabelsToJson(const LabelSet& labels);
LabelSet LabelsFromJson(const Json& json, const std::string& path);

}  // namespace seglab
