#include "regions/linear_svm.h"

#include <linear.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "base/random.h"

namespace seglab {

namespace {

/// liblinear's printer has no argument of the caller's; trainings run one at a time.
std::string solver_says;
void HearSolver(const char* text) { solver_says += text; }

/// rand() as a fresh process that has called srand(seed) sees it, until the end of the scope.
class RandScope {
 public:
  explicit RandScope(uint64_t seed) {
    const auto bits = static_cast<unsigned>(MixSeed(seed));
    before_ = initstate(bits, state_, sizeof(state_));
    srand(bits);  // where rand() is not random(); elsewhere this does the same again
  }
  ~RandScope() { setstate(before_); }
  RandScope(const RandScope&) = delete;
  RandScope& operator=(const RandScope&) = delete;

 private:
  // 128 bytes make the generator that a process begins with.
  alignas(int64_t) char state_[128];
  char* before_;
};

struct FreeModel {
  void operator()(model* trained) const { free_and_destroy_model(&trained); }
};

/// Calls liblinear; all members of `solver` but those of weights are set.
LinearModel Solve(const SolverRows& rows, std::span<const int64_t> slots, std::span<const float> y,
                  parameter solver, uint64_t seed) {
  std::vector<feature_node*> x;
  x.reserve(slots.size());
  for (const int64_t slot : slots) x.push_back(rows.Nodes(slot));
  std::vector<double> labels(y.begin(), y.end());

  const bool has_bias = rows.bias_multiplier() > 0;
  problem task{};
  task.l = static_cast<int>(slots.size());
  task.n = static_cast<int>(rows.dimension()) + (has_bias ? 1 : 0);
  task.x = x.data();
  task.y = labels.data();
  task.bias = has_bias ? rows.bias_multiplier() : -1;
#if LIBLINEAR_VERSION >= 240
  solver.regularize_bias = 1;
#endif

  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  const RandScope rand_scope(seed);
  set_print_string_function(&HearSolver);
  solver_says.clear();
  if (const char* complaint = check_parameter(&task, &solver)) {
    throw std::logic_error(StrCat("liblinear: ", complaint));
  }
  const std::unique_ptr<model, FreeModel> trained(train(&task, &solver));

  LinearModel result;
  const double* w = trained->w;
  result.weights.assign(w, w + rows.dimension());
  if (has_bias) result.bias = static_cast<float>(w[rows.dimension()] * rows.bias_multiplier());
  result.converged = solver_says.find("max number of iterations") == std::string::npos;
  return result;
}

void CheckTask(const char* who, const SolverRows& rows, std::span<const int64_t> slots,
               std::span<const float> y, double bias_multiplier) {
  if (slots.size() != y.size()) throw std::logic_error(StrCat(who, ": not a label for each row"));
  if (rows.bias_multiplier() != bias_multiplier) {
    throw std::logic_error(StrCat(who, ": the rows have another bias multiplier"));
  }
  if (slots.empty()) throw Error(who, ": there is no row to train on; give at least one");
  if (slots.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    throw Error(who, ": ", slots.size(), " rows, liblinear takes at most 2^31 - 1; give fewer");
  }
}

double Regularizer(const LinearModel& model, double bias_multiplier) {
  double sum = 0;
  for (const float weight : model.weights) sum += static_cast<double>(weight) * weight;
  if (bias_multiplier > 0) sum += std::pow(model.bias / bias_multiplier, 2);
  return sum / 2;
}

/// Rows of a view for as long as they are trained on.
struct CopiedRows {
  CopiedRows(const FeatureView& view, double bias_multiplier)
      : rows(view.columns, bias_multiplier), slots(static_cast<size_t>(view.rows)) {
    for (int64_t i = 0; i < view.rows; ++i) slots[static_cast<size_t>(i)] = rows.Add(view.Row(i));
  }
  SolverRows rows;
  std::vector<int64_t> slots;
};

}  // namespace

LinearModel AbsentModel(int64_t dimension) {
  LinearModel model;
  model.weights.assign(static_cast<size_t>(dimension), 0);
  model.bias = kAbsentClassBias;
  return model;
}

LinearModel ForUnscaled(LinearModel model, double scale) {
  for (float& weight : model.weights) weight = static_cast<float>(weight * scale);
  return model;
}

LinearModel TrainSvm(const SolverRows& rows, std::span<const int64_t> slots,
                     std::span<const float> labels, const SvmOptions& options) {
  options.Check();
  CheckTask("TrainSvm", rows, slots, labels, options.bias_multiplier);
  const auto positives = std::count(labels.begin(), labels.end(), 1.f);
  const auto negatives = std::count(labels.begin(), labels.end(), -1.f);
  if (positives + negatives != static_cast<std::ptrdiff_t>(labels.size())) {
    throw std::logic_error("TrainSvm: a label is neither 1 nor -1");
  }
  if (positives == 0 || negatives == 0) {
    throw Error("TrainSvm: there are ", positives, " positive and ", negatives,
                " negative rows; both must be there");
  }
  int label[] = {1};
  double weight[] = {options.positive_weight};
  parameter solver{};
  solver.solver_type = L2R_L1LOSS_SVC_DUAL;
  solver.C = options.cost;
  solver.eps = options.tolerance;
  solver.nr_weight = 1;
  solver.weight_label = label;
  solver.weight = weight;
  LinearModel result = Solve(rows, slots, labels, solver, options.seed);
  result.objective = SvmObjective(result, rows, slots, labels, options);
  return result;
}

LinearModel TrainSvm(const FeatureView& view, std::span<const float> labels,
                     const SvmOptions& options) {
  const CopiedRows copied(view, options.bias_multiplier);
  return TrainSvm(copied.rows, copied.slots, labels, options);
}

double SvmObjective(const LinearModel& model, const SolverRows& rows,
                    std::span<const int64_t> slots, std::span<const float> labels,
                    const SvmOptions& options) {
  double loss = 0;
  for (size_t i = 0; i < slots.size(); ++i) {
    const double score = rows.Score(slots[i], model.weights, model.bias);
    const double hinge = std::max(0., 1 - labels[i] * score);
    loss += labels[i] > 0 ? options.positive_weight * hinge : hinge;
  }
  return Regularizer(model, options.bias_multiplier) + options.cost * loss;
}

LinearModel TrainSvr(const SolverRows& rows, std::span<const int64_t> slots,
                     std::span<const float> targets, const SvrOptions& options) {
  options.Check();
  CheckTask("TrainSvr", rows, slots, targets, options.bias_multiplier);
  for (const float target : targets) {
    if (!std::isfinite(target)) throw Error("TrainSvr: a target is ", target, ", must be finite");
  }
  parameter solver{};
  solver.solver_type = options.loss == SvrLoss::kLinear ? L2R_L1LOSS_SVR_DUAL : L2R_L2LOSS_SVR;
  solver.C = options.cost;
  solver.eps = options.tolerance;
  solver.p = options.tube;
  LinearModel result = Solve(rows, slots, targets, solver, options.seed);
  result.objective = SvrObjective(result, rows, slots, targets, options);
  return result;
}

LinearModel TrainSvr(const FeatureView& view, std::span<const float> targets,
                     const SvrOptions& options) {
  const CopiedRows copied(view, options.bias_multiplier);
  return TrainSvr(copied.rows, copied.slots, targets, options);
}

double SvrObjective(const LinearModel& model, const SolverRows& rows,
                    std::span<const int64_t> slots, std::span<const float> targets,
                    const SvrOptions& options) {
  double loss = 0;
  for (size_t i = 0; i < slots.size(); ++i) {
    const double score = rows.Score(slots[i], model.weights, model.bias);
    const double off = std::max(0., std::abs(score - targets[i]) - options.tube);
    loss += options.loss == SvrLoss::kLinear ? off : off * off;
  }
  return Regularizer(model, options.bias_multiplier) + options.cost * loss;
}

}  // namespace seglab
