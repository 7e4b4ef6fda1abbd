#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/labels.h"
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

/// What a user says of a weight file that does not say it itself.
struct ModelChoice {
  Json model;  ///< what MakeModel makes the network from; null: as the file says
  std::string model_from = "--model";  ///< names it in messages
  LabelSet labels;                     ///< the classes; empty: as the file says
  std::string labels_from;             ///< who names them, for messages: "--labels", a data set
  std::string key;  ///< of the weights in the file, "model_ema"; "" = those that fit
  /// A preprocessing that neither the user nor the file tells is an error, not a warning.
  bool require_preprocessing = false;
};

/// Reads a network with its weights: a seglab checkpoint, a run folder (best.safetensors if there
/// is one, else last.safetensors), or with `choice` any that ReadNetworkWeights knows.
/// See ModelFromWeights. @throws Error when it is missing or does not fit its description
LoadedModel LoadModelFile(const std::string& path, const ModelChoice& choice = {});

/// Makes a file's network and loads the weights strictly (MakeWithWeights). Weights of others are
/// looked for wherever they stand in the file.
///
/// The network is the chosen one, else the checkpoint's own. The classes are the chosen ones, else
/// the checkpoint's own; else, by their number (see ClassesOfWeights), VOC's where it is 21, which
/// is logged, and numbers for a classifier. Preprocessing: see ChoosePreprocessing.
/// @param path  of the file, for messages
/// @throws Error on whatever the file does not tell and `choice` does not either, or contradicts
LoadedModel ModelFromWeights(const TensorFile& file, const std::string& path,
                             const ModelChoice& choice);

/// A file's number of classes for a network: its "num_classes", else the number of rows in the
/// file of those layers that have one row in a network of one class.
/// @param spec_path  names the spec in messages
/// @throws Error when the layers are for different numbers of classes
int ClassesOfWeights(const TensorFile& file, const Json& spec, const std::string& spec_path,
                     const std::string& path);

/// torchvision's names of layers that only training looks at.
const std::vector<std::string>& AuxiliaryHeads();

/// A file's weights for a network that the user names, under the network's names: see
/// TakeWeightsOf.
/// @param spec_path  names the spec in messages
/// @throws Error as ReadNetworkWeights and TakeWeightsOf
TensorFile ReadWeightsFor(const Json& spec, const std::string& spec_path, const std::string& path,
                          const std::string& key = "");

/// Makes a network with a file's weights, strictly; names and shapes are compared before memory is
/// taken for it. @param spec, classes, spec_path  as MakeModel takes them
/// @throws Error as MakeModel, CheckTraits and LoadWeights
std::shared_ptr<SegModel> MakeWithWeights(const Json& spec, int classes,
                                          const std::string& spec_path, const TensorFile& file,
                                          const std::string& path);

/// Loads all of a file's weights, save a checkpoint's optimiser and, where the network has none,
/// auxiliary heads, which only training looks at. @throws Error listing all that does not fit
void LoadWeights(SegModel& model, const TensorFile& file, const std::string& path);

}  // namespace seglab
