#include "train/options.h"

#include <cmath>

#include "base/error.h"
#include "losses/loss.h"
#include "train/optimizer.h"

namespace seglab {
namespace {

constexpr double kLarge = 1e12;

std::vector<RateGroup> ReadGroups(const Json& list, const std::string& path) {
  if (!list.is_array()) throw Error(path, ": must be a list of objects");
  std::vector<RateGroup> groups;
  for (size_t i = 0; i < list.size(); ++i) {
    JsonReader reader(list[i], StrCat(path, "[", i, "]"));
    RateGroup group;
    group.prefix = reader.Require<std::string>("prefix");
    reader.Get("lr", group.lr, 0.0, kLarge);
    reader.Get("decay", group.decay, 0.0, kLarge);
    reader.Finish();
    groups.push_back(group);
  }
  return groups;
}

/// It is SGD's; the others' own are members of their objects.
void ReadMomentum(JsonReader& reader, TrainOptions& options) {
  const std::string& name = FindOptimizer(options.optimizer, reader.Path("optimizer")).name;
  if (name == "sgd") {
    reader.Get("momentum", options.momentum, 0.0, 0.99999);
  } else if (reader.Has("momentum")) {
    throw Error(reader.Path("momentum"), ": is of the optimizer \"sgd\", not of \"", name,
                "\"; leave it out, or write null where it is inherited");
  }
}

}  // namespace

int64_t TrainOptions::Steps(int64_t samples) const {
  if (epochs == 0) return iterations;
  const double seen = epochs * static_cast<double>(samples);
  return static_cast<int64_t>(
      std::ceil(seen / (static_cast<double>(batch) * static_cast<double>(accumulate))));
}

std::string TrainOptions::Help() {
  return
      R"(keys of "train", as in --set train.lr=0.01:
  iterations          steps; or
  epochs              how often each sample is seen
  batch (1)           images of a pass
  accumulate (1)      passes of a step
  lr (0.001)          learning rate
  schedule ("fixed")  "step", "poly", "cosine", "exponential",
                      or an object
  optimizer ("sgd")   "adam", "adamw", "rmsprop", "adadelta", or an object
  momentum (0.9)      of "sgd"
  weight_decay (5e-4)
  bias_lr (2)         factor on the rate of biases
  bias_decay (0)      factor on their decay
  groups              rates by prefix: [{"prefix", "lr", "decay"}]
  only                prefixes: train these alone
  freeze_bn (false)   batch norm keeps its statistics
  clip_norm (0)       largest norm of the gradient; 0: any
  ema (0)             decay of an average of the weights, 0.999; 0: none
  early_stopping      {"patience": 5, "min_delta": 0}: validations that
                      may be no better before the training ends
  loss                "cross_entropy", "focal", "dice", "lovasz", "ohem",
                      "border_cross_entropy", or an object; "sum": several
  precision ("float32")   or "bfloat16", on a GPU "tf32"
  winograd (false)    faster 3x3 convolutions on a CPU
  deterministic (false)   on a GPU the same bits each time
  sync_bn (false)     batch norm over all processes
  fit                 of networks that are fitted (rcnn)
 and without influence on the result:
  eval_every (0)      iterations between validations; 0: at the end
  log_every (20)      iterations between lines of the log
  give_up             {"after": 500, "below": 0.1}: such a score ends a run
  checkpoint_every (0)      iterations; 0: by time
  checkpoint_seconds (60)
  check_samples (200) training samples looked at before
  threads (-1)        of the loader; -1: as many as cores
  feature_cache ("features")
)";
}

TrainOptions TrainOptions::FromJson(const Json& json, const std::string& path) {
  TrainOptions o;
  JsonReader reader(json, path);
  constexpr int64_t kMany = int64_t{1} << 40;
  reader.Get("iterations", o.iterations, int64_t{0}, kMany);
  if (reader.Get("epochs", o.epochs, 0.0, kLarge) && o.epochs > 0 && o.iterations > 0) {
    throw Error(reader.Path("epochs"), ": stands beside iterations; give one of the two");
  }
  reader.Get("batch", o.batch, 1, 100000);
  reader.Get("accumulate", o.accumulate, 1, 100000);
  reader.Get("lr", o.lr, 0.0, kLarge);
  reader.Get("weight_decay", o.weight_decay, 0.0, kLarge);
  reader.Get("bias_lr", o.bias_lr, 0.0, kLarge);
  reader.Get("bias_decay", o.bias_decay, 0.0, kLarge);
  Json groups;
  if (reader.Get("groups", groups)) o.groups = ReadGroups(groups, reader.Path("groups"));
  reader.Get("only", o.only);
  reader.Get("freeze_bn", o.freeze_bn);
  reader.Get("clip_norm", o.clip_norm, 0.0, kLarge);
  Json part;
  if (reader.Get("schedule", part))
    o.schedule = ScheduleOptions::FromJson(part, reader.Path("schedule"));
  reader.Get("ema", o.ema, 0.0, 1 - 1e-9);
  if (reader.Get("loss", o.loss)) MakeLoss(o.loss, /*classes=*/0, reader.Path("loss"));
  reader.Get("optimizer", o.optimizer);
  ReadMomentum(reader, o);
  CheckOptimizer(o, reader.Path("optimizer"));
  if (reader.Has("aux_weight")) {
    throw Error(reader.Path("aux_weight"),
                ": is the network's own; write it into \"model\", beside \"aux_loss\"");
  }
  std::string precision = PrecisionName(o.precision);
  reader.GetChoice("precision", precision, PrecisionNames());
  o.precision = ParsePrecision(precision, reader.Path("precision"));
  reader.Get("winograd", o.winograd);
  reader.Get("deterministic", o.deterministic);
  reader.Get("sync_bn", o.sync_bn);
  if (reader.Get("fit", part)) o.fit = FitOptions::FromJson(part, reader.Path("fit"));
  reader.Get("feature_cache", o.feature_cache);
  reader.Get("threads", o.threads, -1, 1024);
  reader.Get("log_every", o.log_every, int64_t{1}, kMany);
  reader.Get("eval_every", o.eval_every, int64_t{0}, kMany);
  if (auto rule = reader.Child("give_up")) {
    o.give_up_after = rule->Require<int64_t>("after");
    o.give_up_below = rule->Require<double>("below");
    rule->Finish();
    if (o.eval_every == 0) {
      throw Error(reader.Path("give_up"),
                  ": looks at validation scores; give eval_every, the steps "
                  "between them");
    }
  }
  if (reader.Get("early_stopping", part)) {
    o.early_stopping = EarlyStoppingOptions::FromJson(part, reader.Path("early_stopping"));
    if (o.eval_every == 0) {
      throw Error(reader.Path("early_stopping"),
                  ": looks at validation scores; give eval_every, the steps between them");
    }
  }
  reader.Get("checkpoint_every", o.checkpoint_every, int64_t{0}, kMany);
  reader.Get("checkpoint_seconds", o.checkpoint_seconds, 0.0, kLarge);
  reader.Get("check_samples", o.check_samples, int64_t{-1}, kMany);
  reader.Finish();
  return o;
}

bool TrainOptions::StopsEarly(const Json& train) {
  return train.is_object() && train.contains("early_stopping");
}

std::vector<std::string> TrainOptions::NeutralKeys(const Json& train) {
  std::vector<std::string> keys = {"threads",          "log_every",          "give_up",
                                   "checkpoint_every", "checkpoint_seconds", "check_samples",
                                   "feature_cache"};
  if (!StopsEarly(train)) keys.emplace_back("eval_every");
  return keys;
}

}  // namespace seglab
