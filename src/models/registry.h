#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "models/seg_model.h"

namespace seglab {

enum class Task { kSegmentation, kClassification };

/// One row of the table of models.
struct ModelRow {
  std::string name;
  Task task;
  std::string summary;  ///< one line
  std::string source;   ///< paper, section
  std::shared_ptr<SegModel> (*make)(JsonReader& options, int classes);
};

const std::vector<ModelRow>& ModelRows();

/// @throws Error with the nearest name and the list when there is no such row
const ModelRow& FindModel(const std::string& name, const std::string& path = "model");

/// A network as users name it on a command line: a backbone's name or object stands for the
/// classifier on it; other names and objects stay as they are, a name as {"name": ...}.
/// @throws Error with the nearest name when there is neither such a network nor such a backbone
Json NetworkOrBackbone(const Json& spec, const std::string& path);

/// The task of {"name": ...}.
Task ModelTask(const Json& spec, const std::string& path = "model");

/// Makes a network with fresh weights (drawn from LibTorch's generator) from {"name": "fcn8s",
/// "backbone": ..., ...}. Keys of every row: "num_classes", "preprocessing" (a name or an object,
/// see Preprocessing::FromJson; "imagenet"). A plain string is short for {"name": string}.
/// @param classes  used when the spec has no "num_classes"; if both are given they must agree; 0 =
/// unknown
/// @throws Error on an unknown name or key
std::shared_ptr<SegModel> MakeModel(const Json& spec, int classes,
                                    const std::string& path = "model");

}  // namespace seglab
