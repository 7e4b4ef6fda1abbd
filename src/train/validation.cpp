#include "train/validation.h"

#include <utility>

#include "inference/confusion_sink.h"
#include "inference/evaluate.h"

namespace seglab {

Validation Validate(const std::shared_ptr<SegModel>& model, std::shared_ptr<const Dataset> val,
                    const TrainOptions& options, const Group* group) {
  PredictOptions predict;
  predict.precision = options.precision;
  predict.winograd = options.winograd;
  Predictor predictor(model, predict);
  ConfusionSink sink(val->Labels().size());
  const bool classifier = val->GetTask() == Task::kClassification;
  EvalOptions evaluation;
  evaluation.threads = options.threads;
  evaluation.title = "";
  evaluation.group = group;
  Evaluate(predictor, std::move(val), {&sink}, evaluation);
  Validation result{ComputeScores(sink.matrix()), 0};
  result.score = classifier ? result.scores.pixel_acc : result.scores.mean_iou;
  return result;
}

}  // namespace seglab
