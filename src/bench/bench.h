#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/result.h"
#include "crf/options.h"
#include "data/dataset.h"
#include "data/transforms.h"
#include "models/seg_model.h"
#include "regions/proposal_options.h"
#include "tensor/precision.h"

namespace seglab {

/// What is common to all benchmarks of networks.
struct NetworkBench {
  std::shared_ptr<SegModel> model;  ///< on its device
  std::string name;                 ///< for the text
  Task task = Task::kSegmentation;
  int classes = 21;
  int64_t batch = 1, height = 375, width = 500;
  Precision precision = Precision::kFloat32;
  bool winograd = false;  ///< Winograd's filtering
};

/// From pixels to labels, as eval and predict do it. The floor is the network's operations
/// (Profile) over the machine's peak.
BenchResult BenchInference(const NetworkBench& network, const RepeatOptions& repeats);

/// Steps of gradient descent on one batch that lies in memory: forward, loss, backward, update. The
/// floor is three times that of inference: a backward pass has the products of the forward one
/// twice.
BenchResult BenchTraining(const NetworkBench& network, const RepeatOptions& repeats);

struct DataBench {
  std::shared_ptr<const Dataset> dataset;
  std::string name;
  std::vector<Transform> transforms;
  int batch = 8;
  int threads = -1;  ///< loader threads; -1 = as many as cores, 0 = none
};

/// Batches from files to memory. What the first ones read from a disk is in memory afterwards.
BenchResult BenchData(const DataBench& data, const RepeatOptions& repeats);

struct CrfBench {
  CrfOptions options;
  int labels = 21;
  int height = 375, width = 500;
  int threads = 1;
};

/// A dense CRF on a made image with noisy unaries. The floor is of memory: each iteration reads and
/// writes every label's map once.
BenchResult BenchCrf(const CrfBench& crf, const RepeatOptions& repeats);

struct ProposalBench {
  ProposalOptions options;
  int height = 375, width = 500;
  int threads = 1;
};

/// Region proposals of a made image.
BenchResult BenchProposals(const ProposalBench& proposals, const RepeatOptions& repeats);

/// Counting pixels into a confusion matrix on one thread. The floor is of memory: two bytes a
/// pixel.
BenchResult BenchMetrics(int classes, int64_t pixels, const RepeatOptions& repeats);

}  // namespace seglab
