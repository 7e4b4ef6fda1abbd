#include "train/recipe.h"

#include "base/error.h"
#include "train/descent.h"
#include "train/fit.h"

namespace seglab {

const std::vector<RecipeRow>& RecipeRows() {
  static const std::vector<RecipeRow> rows = {{Recipe::kDescended, Descend},
                                              {Recipe::kFitted, Fit}};
  return rows;
}

TrainSummary Train(const TrainJob& job) {
  const Recipe recipe = ModelRecipe(job.model_spec);
  for (const RecipeRow& row : RecipeRows()) {
    if (row.recipe == recipe) return row.train(job);
  }
  throw std::logic_error("no recipe trains " + job.model_spec.dump());
}

}  // namespace seglab
