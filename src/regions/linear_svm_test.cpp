#include "regions/linear_svm.h"

#include <gmock/gmock.h>
#include <linear.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <thread>

#include "base/random.h"
#include "base/test_error.h"
#include "regions/test_examples.h"

namespace seglab {
namespace {

using ::testing::HasSubstr;

SvmOptions ExactSvm() {
  SvmOptions options;
  options.cost = .3;
  options.tolerance = 1e-9;
  return options;
}

/// Rows of `task` with a constant behind each.
std::vector<std::vector<double>> WithBias(const TestTask& task, double bias) {
  std::vector<std::vector<double>> rows;
  for (int64_t i = 0; i < task.View().rows; ++i) {
    const std::span<const float> row = task.View().Row(i);
    rows.emplace_back(row.begin(), row.end());
    rows.back().push_back(bias);
  }
  return rows;
}

double Inner(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.);
}

/// The largest value of the dual, sum a - |sum a y x|^2 / 2 over 0 <= a <= C of the row, by exact
/// steps along one coordinate after the other.
double DualOptimum(const std::vector<std::vector<double>>& rows, const std::vector<float>& labels,
                   const SvmOptions& options) {
  std::vector<double> a(rows.size(), 0), w(rows[0].size(), 0);
  for (int round = 0; round < 20000; ++round) {
    for (size_t i = 0; i < rows.size(); ++i) {
      const double most = options.cost * (labels[i] > 0 ? options.positive_weight : 1);
      const double gradient = 1 - labels[i] * Inner(w, rows[i]);
      const double next = std::clamp(a[i] + gradient / Inner(rows[i], rows[i]), 0., most);
      for (size_t d = 0; d < w.size(); ++d) w[d] += (next - a[i]) * labels[i] * rows[i][d];
      a[i] = next;
    }
  }
  return std::accumulate(a.begin(), a.end(), 0.) - Inner(w, w) / 2;
}

TEST(TrainSvmTest, ReachesTheOptimumOfTheDual) {
  const TestTask task = MakeTask(25, 40, 20, .7, 1);
  SvmOptions options = ExactSvm();
  options.cost = .02;
  options.bias_multiplier = 2;  // a large one makes the solver slow where features are small
  const double dual = DualOptimum(WithBias(task, options.bias_multiplier), task.labels, options);
  const LinearModel model = TrainSvm(task.View(), task.labels, options);
  EXPECT_TRUE(model.converged);
  EXPECT_GT(dual, .5);  // not the trivial one
  // No primal value is below a dual one; at the optimum they meet.
  EXPECT_GE(model.objective, dual - 1e-9);
  EXPECT_NEAR(model.objective, dual, 1e-5 * dual);

  // As published the solver stops earlier, near by.
  SvmOptions published = options;
  published.tolerance = SvmOptions().tolerance;
  const double early = TrainSvm(task.View(), task.labels, published).objective;
  EXPECT_GE(early, dual - 1e-9);
  EXPECT_NEAR(early, dual, .05 * dual);
}

TEST(TrainSvmTest, SaysThatTheSolverGaveUp) {
  const TestTask task = MakeTask(25, 40, 6, .2, 1);
  SvmOptions options = ExactSvm();
  options.cost = 1000;
  EXPECT_FALSE(TrainSvm(task.View(), task.labels, options).converged);
}

TEST(TrainSvmTest, ObjectiveIsWhatItSays) {
  SolverRows rows(2, 4);
  const std::vector<int64_t> slots = {rows.Add(std::vector<float>{1, 0}),
                                      rows.Add(std::vector<float>{0, 2})};
  const LinearModel model{{.5f, .25f}, 1, 0, true};
  SvmOptions options;
  options.cost = .1;
  options.bias_multiplier = 4;
  options.positive_weight = 3;
  // Scores 1.5 and 1.5: no loss at the positive row, 2.5 at the negative one.
  const double norm = (.25 + .0625 + .0625) / 2;
  EXPECT_DOUBLE_EQ(SvmObjective(model, rows, slots, std::vector<float>{1, -1}, options),
                   norm + .1 * 2.5);
  // The other way: 2.5 at the positive row, three times.
  EXPECT_DOUBLE_EQ(SvmObjective(model, rows, slots, std::vector<float>{-1, 1}, options),
                   norm + .1 * 2.5);
  EXPECT_DOUBLE_EQ(
      SvmObjective({{-.5f, 0}, 0, 0, true}, rows, slots, std::vector<float>{1, -1}, options),
      .125 + .1 * (3 * 1.5 + 1));
}

std::string heard;
void Hear(const char* text) { heard += text; }

/// What liblinear itself says: its weights, and its dual's value, printed.
struct SolversOwn {
  std::vector<float> weights;
  double dual;
};

SolversOwn AskSolver(const TestTask& task, const SvmOptions& options) {
  std::vector<std::vector<feature_node>> nodes;
  for (const std::vector<double>& row : WithBias(task, options.bias_multiplier)) {
    auto& line = nodes.emplace_back();
    for (size_t d = 0; d < row.size(); ++d) line.push_back({static_cast<int>(d) + 1, row[d]});
    line.push_back({-1, 0});
  }
  std::vector<feature_node*> x;
  for (auto& line : nodes) x.push_back(line.data());
  std::vector<double> y(task.labels.begin(), task.labels.end());
  problem prob{};
  prob.l = static_cast<int>(x.size());
  prob.n = static_cast<int>(task.dimension) + 1;
  prob.x = x.data();
  prob.y = y.data();
  prob.bias = options.bias_multiplier;
  int label = 1;
  double weight = options.positive_weight;
  parameter param{};
  param.solver_type = L2R_L1LOSS_SVC_DUAL;
  param.C = options.cost;
  param.eps = options.tolerance;
  param.nr_weight = 1;
  param.weight_label = &label;
  param.weight = &weight;
#if LIBLINEAR_VERSION >= 240
  param.regularize_bias = 1;
#endif
  heard.clear();
  set_print_string_function(&Hear);
  srand(static_cast<unsigned>(MixSeed(options.seed)));
  model* trained = train(&prob, &param);
  SolversOwn own;
  for (int64_t d = 0; d < task.dimension; ++d) {
    own.weights.push_back(static_cast<float>(trained->w[d]));
  }
  free_and_destroy_model(&trained);
  const std::string before = "Objective value = ";
  own.dual = -std::stod(heard.substr(heard.find(before) + before.size()));
  return own;
}

TEST(TrainSvmTest, EqualsLiblinearsOwn) {
  const TestTask task = MakeTask(30, 50, 12, .4, 2);
  for (const uint64_t seed : {0, 5}) {
    SvmOptions options;  // as published
    options.cost = .05;
    options.seed = seed;
    const LinearModel model = TrainSvm(task.View(), task.labels, options);
    // Zeros that are left out change no bit.
    EXPECT_EQ(model.weights, AskSolver(task, options).weights);
    options.tolerance = 1e-8;
    const LinearModel exact = TrainSvm(task.View(), task.labels, options);
    EXPECT_NEAR(exact.objective, AskSolver(task, options).dual, 2e-6);  // six digits are printed
  }
}

TEST(TrainSvmTest, PositiveWeightIsThatManyRows) {
  const TestTask task = MakeTask(10, 20, 3, .5, 3);
  TestTask doubled = task;
  for (int64_t i = 0; i < task.View().rows; ++i) {
    if (task.labels[static_cast<size_t>(i)] < 0) continue;
    const std::span<const float> row = task.View().Row(i);
    doubled.values.insert(doubled.values.end(), row.begin(), row.end());
    doubled.labels.push_back(1);
  }
  SvmOptions once = ExactSvm(), twice = ExactSvm();
  once.positive_weight = 1;
  twice.positive_weight = 2;
  const LinearModel weighted = TrainSvm(task.View(), task.labels, twice);
  const LinearModel repeated = TrainSvm(doubled.View(), doubled.labels, once);
  EXPECT_NEAR(weighted.objective, repeated.objective, 1e-6);
  for (size_t d = 0; d < 3; ++d) EXPECT_NEAR(weighted.weights[d], repeated.weights[d], 1e-3);
  EXPECT_GT(weighted.objective, TrainSvm(task.View(), task.labels, once).objective + .01);
}

TEST(TrainSvmTest, BiasIsTheWeightOfAConstant) {
  const TestTask task = MakeTask(10, 20, 3, .5, 4);
  TestTask constant{4, {}, task.labels};
  for (const std::vector<double>& row : WithBias(task, 7)) {
    constant.values.insert(constant.values.end(), row.begin(), row.end());
  }
  SvmOptions with = ExactSvm(), without = ExactSvm();
  with.bias_multiplier = 7;
  without.bias_multiplier = 0;
  const LinearModel model = TrainSvm(task.View(), task.labels, with);
  const LinearModel expected = TrainSvm(constant.View(), constant.labels, without);
  EXPECT_NE(model.bias, 0);
  EXPECT_FLOAT_EQ(model.bias, 7 * expected.weights[3]);
  EXPECT_EQ(expected.bias, 0);
  EXPECT_EQ(model.weights,
            std::vector<float>(expected.weights.begin(), expected.weights.begin() + 3));
}

TEST(TrainSvmTest, SameSeedSameBits) {
  const TestTask task = MakeTask(40, 80, 10, .3, 5);
  SvmOptions options;
  options.cost = 1;
  const LinearModel first = TrainSvm(task.View(), task.labels, options);
  std::vector<LinearModel> models(4);
  {
    std::vector<std::jthread> threads;
    for (LinearModel& model : models) {
      threads.emplace_back([&] { model = TrainSvm(task.View(), task.labels, options); });
    }
  }
  for (const LinearModel& model : models) {
    EXPECT_EQ(model.weights, first.weights);
    EXPECT_EQ(model.bias, first.bias);
  }
  options.seed = 1;  // the order matters where the solver stops early
  EXPECT_NE(TrainSvm(task.View(), task.labels, options).weights, first.weights);
}

TEST(TrainSvmTest, LeavesRandAndStandardOutputAlone) {
  const TestTask task = MakeTask(10, 10, 3, .3, 6);
  srand(17);
  rand();
  const int second = rand(), third = rand();
  srand(17);
  rand();
  ::testing::internal::CaptureStdout();
  TrainSvm(task.View(), task.labels, SvmOptions());
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(rand(), second);
  TrainSvm(task.View(), task.labels, SvmOptions());
  EXPECT_EQ(rand(), third);
}

TEST(TrainSvmTest, SaysWhatIsWrong) {
  const TestTask task = MakeTask(3, 3, 2, .3, 7);
  EXPECT_THAT(ErrorOf([&] { TrainSvm(task.View(), std::vector<float>(6, -1.f), {}); }),
              HasSubstr("0 positive and 6 negative"));
  EXPECT_THROW(TrainSvm(task.View(), std::vector<float>(5, 1.f), {}), std::logic_error);
  EXPECT_THROW(TrainSvm(task.View(), std::vector<float>{1, -1, 0, 1, 1, 1}, {}), std::logic_error);
  EXPECT_THROW(TrainSvm(SolverRows(2, 3), {}, {}, SvmOptions()), std::logic_error);
}

/// The smallest value of a convex function on [low, high].
double Minimum(const std::function<double(double)>& f, double low, double high) {
  for (int i = 0; i < 200; ++i) {
    const double a = low + (high - low) / 3, b = high - (high - low) / 3;
    (f(a) < f(b) ? high : low) = f(a) < f(b) ? b : a;
  }
  return f((low + high) / 2);
}

TEST(TrainSvrTest, IsTheMinimumAlongALine) {
  const TestTask task = MakeTask(12, 12, 1, 1, 8);
  std::vector<float> targets;
  for (const float value : task.values) targets.push_back(.6f * value + .3f);
  for (const SvrLoss loss : {SvrLoss::kLinear, SvrLoss::kSquared}) {
    SvrOptions options;
    options.loss = loss;
    options.cost = .2;
    options.bias_multiplier = 0;
    options.tube = .25;
    options.tolerance = 1e-8;
    const auto value = [&](double w) {
      double sum = 0;
      for (size_t i = 0; i < targets.size(); ++i) {
        const double off = std::max(0., std::abs(w * task.values[i] - targets[i]) - .25);
        sum += loss == SvrLoss::kLinear ? off : off * off;
      }
      return w * w / 2 + .2 * sum;
    };
    const LinearModel model = TrainSvr(task.View(), targets, options);
    EXPECT_NEAR(model.objective, value(model.weights[0]), 1e-9);
    EXPECT_NEAR(model.objective, Minimum(value, -3, 3), 1e-6);
    EXPECT_GT(std::abs(model.weights[0]), .1);
  }
}

TEST(TrainSvrTest, SquaredWithoutATubeIsRidgeRegression) {
  const TestTask task = MakeTask(20, 20, 1, 1, 9);
  SvrOptions options;
  options.loss = SvrLoss::kSquared;
  options.cost = .5;
  options.bias_multiplier = 2;
  options.tube = 0;
  options.tolerance = 1e-9;
  // (2 C X'X + 1) w = 2 C X'y of rows (x, 2), 2 C = 1, by Cramer's rule.
  double xx = 1, xb = 0, bb = 1, xy = 0, by = 0;
  for (size_t i = 0; i < task.values.size(); ++i) {
    const double x = task.values[i], y = task.labels[i];
    xx += x * x;
    xb += 2 * x;
    bb += 4;
    xy += x * y;
    by += 2 * y;
  }
  const double determinant = xx * bb - xb * xb;
  const LinearModel model = TrainSvr(task.View(), task.labels, options);
  EXPECT_NEAR(model.weights[0], (xy * bb - by * xb) / determinant, 1e-5);
  EXPECT_NEAR(model.bias, 2 * (xx * by - xb * xy) / determinant, 1e-5);
}

TEST(TrainSvrTest, SameSeedSameBits) {
  const TestTask task = MakeTask(40, 40, 10, .3, 10);
  SvrOptions options;
  const LinearModel first = TrainSvr(task.View(), task.labels, options);
  EXPECT_EQ(TrainSvr(task.View(), task.labels, options).weights, first.weights);
  options.seed = 1;
  EXPECT_NE(TrainSvr(task.View(), task.labels, options).weights, first.weights);
}

TEST(TrainSvrTest, SaysWhatIsWrong) {
  const TestTask task = MakeTask(1, 1, 2, .3, 11);
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(ErrorOf([&] {
                TrainSvr(task.View(), std::vector<float>{1, infinity}, {});
              }),
              HasSubstr("a target is inf"));
  EXPECT_THAT(ErrorOf([] { TrainSvr(SolverRows(2, 10), {}, {}, SvrOptions()); }),
              HasSubstr("no row"));
}

}  // namespace
}  // namespace seglab
