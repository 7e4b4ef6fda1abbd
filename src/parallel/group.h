#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "parallel/world.h"

namespace torch::nn {
class Module;
}

namespace seglab {

/// Another process of the job is gone, or what they say to each other does not fit.
class GroupLost : public Error {
 public:
  using Error::Error;
};

/// The processes of one job, over LibTorch's c10d: Gloo between CPUs, NCCL between GPUs. All of
/// them must call its functions in the same order; each waits for the others.
class Group {
 public:
  /// Meets the others at the world's address. @throws Error naming it where that fails
  Group(const World& world, const c10::Device& device);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  int rank() const { return world_.rank; }
  int size() const { return world_.size; }
  bool IsFirst() const { return world_.rank == 0; }

  /// Replaces a tensor on the group's device by the sum over all. @throws GroupLost, as all below
  void Sum(at::Tensor tensor) const;
  /// The same beside what runs in the background, over a connection of its own: of layers, in the
  /// order in which all processes come to them.
  void SumStatistics(at::Tensor tensor) const;
  /// The sum over all of a number.
  double Sum(double value) const;
  /// Makes a tensor that of the first process.
  void Broadcast(at::Tensor tensor) const;
  /// Makes parameters and buffers those of the first process.
  void BroadcastModule(torch::nn::Module& module) const;
  /// The texts of all processes, by rank.
  std::vector<std::string> Gather(const std::string& text) const;
  void Barrier() const;
  /// A tensor from one process to another, which knows its shape and type.
  void Send(const at::Tensor& tensor, int to) const;
  void Receive(at::Tensor tensor, int from) const;
  const c10::Device& device() const { return device_; }
  /// Calls what speaks to the others within LibTorch, as a backward pass does with GradientSums.
  /// @throws GroupLost where it fails for want of them
  void Guard(const std::function<void()>& function) const;

 private:
  friend class GradientSums;
  struct State;

  [[noreturn]] void Lost(const char* what, const std::string& message) const;
  template <typename Function>
  void Do(const char* what, const Function& function, bool statistics = false) const;

  World world_;
  c10::Device device_;
  std::unique_ptr<State> state_;
};

/// True of a process that is alone, and of the first of a group: who writes files and speaks.
inline bool IsFirst(const Group* group) { return group == nullptr || group->IsFirst(); }

}  // namespace seglab
