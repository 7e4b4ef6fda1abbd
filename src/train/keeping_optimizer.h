#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "train/optimizer.h"

namespace seglab {

/// An optimiser that keeps tensors of several kinds beside each parameter; all are state.
class KeepingOptimizer : public Optimizer {
 public:
  using Optimizer::Optimizer;
  NamedTensors State() const override;
  void LoadState(const NamedTensors& state) override;

 protected:
  /// Zeros as large as each parameter, laid out as it, named "<kind>.<parameter>". Stays valid.
  std::vector<at::Tensor>& Keep(const std::string& kind);
  /// A number each, from 0, int64 on the CPU.
  std::vector<at::Tensor>& Count(const std::string& kind);

 private:
  std::map<std::string, std::vector<at::Tensor>> kept_;
};

}  // namespace seglab
