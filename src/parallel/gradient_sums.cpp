#include "parallel/gradient_sums.h"

#ifdef SEGLAB_C10D

#include <torch/torch.h>

#include <torch/csrc/distributed/c10d/reducer.hpp>

#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "parallel/c10d_group.h"

namespace seglab {

struct GradientSums::State {
  std::unique_ptr<c10d::Reducer> reducer;
};

namespace {

/// c10d's reducer, whose constructor differs between releases of LibTorch.
template <typename Reducer>
std::unique_ptr<Reducer> MakeReducer(const std::vector<at::Tensor>& parameters,
                                     std::vector<std::vector<size_t>> buckets,
                                     std::vector<size_t> limits,
                                     c10::intrusive_ptr<c10d::ProcessGroup> processes,
                                     std::unordered_map<size_t, std::string> names,
                                     int64_t first_bucket, int64_t bucket) {
  using Names = std::unordered_map<size_t, std::string>;
  using Processes = c10::intrusive_ptr<c10d::ProcessGroup>;
  const std::vector<bool> sparse(parameters.size(), false);
  constexpr bool kUnused = false, kView = false, kSkip = false, kPython = false;
  if constexpr (std::is_constructible_v<Reducer, std::vector<at::Tensor>,
                                        std::vector<std::vector<size_t>>, std::vector<size_t>,
                                        Processes, std::vector<bool>, int64_t, bool, bool, Names,
                                        int64_t>) {
    return std::make_unique<Reducer>(parameters, std::move(buckets), std::move(limits),
                                     std::move(processes), sparse, bucket, kUnused, kView,
                                     std::move(names), first_bucket);
  } else if constexpr (std::is_constructible_v<Reducer, std::vector<at::Tensor>,
                                               std::vector<std::vector<size_t>>, Processes,
                                               std::vector<bool>, int64_t, bool, bool, Names,
                                               int64_t, bool, bool>) {
    return std::make_unique<Reducer>(parameters, std::move(buckets), std::move(processes), sparse,
                                     bucket, kUnused, kView, std::move(names), first_bucket, kSkip,
                                     kPython);
  } else {
    return std::make_unique<Reducer>(parameters, std::move(buckets), std::move(processes), sparse,
                                     bucket, kUnused, kView, std::move(names), first_bucket, kSkip,
                                     kPython, std::vector<int64_t>());
  }
}

}  // namespace

GradientSums::GradientSums(const Group& group, std::vector<at::Tensor> parameters)
    : state_(std::make_unique<State>()) {
  // As DistributedDataParallel: a small first bucket, so that sending starts early.
  constexpr int64_t kFirstBucket = int64_t{1} << 20, kBucket = int64_t{25} << 20;
  // The last layers' gradients come first.
  std::vector<at::Tensor> reversed(parameters.rbegin(), parameters.rend());
  std::vector<std::vector<size_t>> buckets;
  std::vector<size_t> limits;
  std::tie(buckets, limits) = c10d::compute_bucket_assignment_by_size(
      reversed, {size_t{kFirstBucket}, size_t{kBucket}}, std::vector<bool>(reversed.size(), false));
  std::unordered_map<size_t, std::string> names;
  for (size_t i = 0; i < reversed.size(); ++i) names[i] = "parameter " + std::to_string(i);
  state_->reducer =
      MakeReducer<c10d::Reducer>(reversed, std::move(buckets), std::move(limits),
                                 group.state_->processes, std::move(names), kFirstBucket, kBucket);
}

GradientSums::~GradientSums() = default;

void GradientSums::Prepare() {
  state_->reducer->prepare_for_forward();
  state_->reducer->rebuild_buckets();
  state_->reducer->prepare_for_backward({});
}

}  // namespace seglab

#else  // see group.cpp

namespace seglab {

struct GradientSums::State {};

GradientSums::GradientSums(const Group&, std::vector<at::Tensor>) {}
GradientSums::~GradientSums() = default;
void GradientSums::Prepare() {}

}  // namespace seglab

#endif
