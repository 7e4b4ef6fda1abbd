#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "models/seg_model.h"

namespace seglab {

/// How the weights of a network come about.
enum class Recipe {
  kDescended,  ///< trained by gradient descent
  kFitted,     ///< fitted to features that are computed once, as R-CNN's SVMs
};

/// One row of the table of models.
struct ModelRow {
  std::string name;
  Task task;
  std::string summary;  ///< one line
  std::string source;   ///< paper, section
  std::shared_ptr<SegModel> (*make)(JsonReader& options, int classes);
  Recipe recipe = Recipe::kDescended;
};

const std::vector<ModelRow>& ModelRows();

/// @throws Error with the nearest name and the list when there is no such row
const ModelRow& FindModel(const std::string& name, const std::string& path = "model");

/// A network as users name it on a command line: a backbone's name or object stands for the
/// classifier on it; other names and objects stay as they are, a name as {"name": ...}.
/// @throws Error with the nearest name when there is neither such a network nor such a backbone
Json NetworkOrBackbone(const Json& spec, const std::string& path);

/// A network's spec as object: "fcn8s" becomes {"name": "fcn8s"}, anything else stays as it is.
Json ModelObject(const Json& spec);

/// The task and the recipe of {"name": ...} or of a name.
/// @throws Error when there is no name in it, or an unknown one
Task ModelTask(const Json& spec, const std::string& path = "model");
Recipe ModelRecipe(const Json& spec, const std::string& path = "model");

/// Makes a network with fresh weights (drawn from LibTorch's generator) from {"name": "fcn8s",
/// "backbone": ..., ...}. Keys of every row: "num_classes", "preprocessing" (a name or an object,
/// see Preprocessing::FromJson; "imagenet"). A plain string is short for {"name": string}.
/// @param classes  used when the spec has no "num_classes"; if both are given they must agree; 0 =
/// unknown
/// @throws Error on an unknown name or key
std::shared_ptr<SegModel> MakeModel(const Json& spec, int classes,
                                    const std::string& path = "model");

}  // namespace seglab
