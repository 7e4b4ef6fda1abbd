#pragma once

#include "models/registry.h"
#include "train/job.h"

namespace seglab {

/// How the networks of a registry row come to their weights.
struct RecipeRow {
  Recipe recipe;
  TrainSummary (*train)(const TrainJob& job);
};

const std::vector<RecipeRow>& RecipeRows();

/// Trains a job's network by its row's recipe, going on where an earlier life stopped.
/// @throws Error, Stopped; see the recipe: Descend
TrainSummary Train(const TrainJob& job);

}  // namespace seglab
