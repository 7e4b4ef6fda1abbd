#include "regions/feature_rows.h"

#include <linear.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "base/error.h"

namespace seglab {

namespace {

int64_t NodeCount(const feature_node* node) {
  int64_t count = 1;
  for (; node->index != -1; ++node) ++count;
  return count;
}

}  // namespace

SolverRows::SolverRows(int64_t dimension, double bias_multiplier, double scale)
    : dimension_(dimension), bias_multiplier_(bias_multiplier), scale_(scale) {
  if (dimension < 1 || dimension > std::numeric_limits<int>::max() - 1) {
    throw Error("SolverRows: rows have ", dimension, " values, must be 1 to 2^31 - 2");
  }
  if (!(bias_multiplier >= 0) || !std::isfinite(bias_multiplier)) {
    throw Error("SolverRows: the bias multiplier is ", bias_multiplier,
                ", must be 0 (no bias) or more");
  }
  if (!(scale > 0) || !std::isfinite(scale)) {
    throw Error("SolverRows: the scale of features is ", scale, ", must be above 0");
  }
}

SolverRows::~SolverRows() = default;

int64_t SolverRows::Add(std::span<const float> row) {
  if (static_cast<int64_t>(row.size()) != dimension_) {
    throw std::logic_error("SolverRows::Add: a row of another dimension");
  }
  size_t count = bias_multiplier_ > 0 ? 2 : 1;
  for (const float value : row) {
    if (!std::isfinite(value)) {
      throw Error(
          "features of regions: a value is not finite; compute the features anew, or look "
          "at the network's weights");
    }
    count += value != 0;
  }
  auto nodes = std::make_unique<feature_node[]>(count);
  feature_node* node = nodes.get();
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i] != 0) *node++ = {static_cast<int>(i) + 1, scale_ * static_cast<double>(row[i])};
  }
  if (bias_multiplier_ > 0) *node++ = {static_cast<int>(dimension_) + 1, bias_multiplier_};
  *node = {-1, 0};

  int64_t slot;
  if (free_.empty()) {
    slot = static_cast<int64_t>(nodes_.size());
    nodes_.push_back(std::move(nodes));
  } else {
    slot = free_.back();
    free_.pop_back();
    nodes_[static_cast<size_t>(slot)] = std::move(nodes);
  }
  ++rows_;
  bytes_ += static_cast<int64_t>(count * sizeof(feature_node));
  peak_bytes_ = std::max(peak_bytes_, bytes_);
  return slot;
}

void SolverRows::Remove(int64_t slot) {
  bytes_ -= NodeCount(Nodes(slot)) * static_cast<int64_t>(sizeof(feature_node));
  --rows_;
  nodes_[static_cast<size_t>(slot)].reset();
  free_.push_back(slot);
}

double SolverRows::Score(int64_t slot, std::span<const float> weights, double bias) const {
  double sum = bias;
  for (const feature_node* node = Nodes(slot); node->index != -1; ++node) {
    if (node->index <= dimension_) {
      sum += static_cast<double>(weights[static_cast<size_t>(node->index) - 1]) * node->value;
    }
  }
  return sum;
}

feature_node* SolverRows::Nodes(int64_t slot) const {
  feature_node* nodes = nodes_.at(static_cast<size_t>(slot)).get();
  if (nodes == nullptr) throw std::logic_error("SolverRows: a slot without a row");
  return nodes;
}

}  // namespace seglab
