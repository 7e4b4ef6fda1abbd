#include "crf/mean_field.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace seglab {

namespace {

// Of pads and of labels that cannot be: no sum of messages makes up for it, and its difference from
// anything is finite.
constexpr float kImpossible = 1e30f;
// Energies are summed by blocks of pixels, so that the sum does not depend on the threads.
constexpr int64_t kBlock = 512;

int RoundUp(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }

}  // namespace

MeanField::MeanField(int threads) : threads_(std::max(threads, 1)) {}

void MeanField::SetKernels(int64_t n, const std::vector<CrfKernel>& kernels,
                           std::vector<uint32_t> order) {
  pixels_ = n;
  order_ = std::move(order);
  if (order_.empty()) {
    order_.resize(static_cast<size_t>(n));
    std::iota(order_.begin(), order_.end(), 0u);
  }
  labels_ = 0;
  lattices_.resize(kernels.size());
  values_.resize(kernels.size());
  std::vector<float> ones(static_cast<size_t>(n), 1.0f);
  std::vector<float> sums(static_cast<size_t>(n));
  for (size_t k = 0; k < kernels.size(); ++k) {
    const CrfKernel& kernel = kernels[k];
    Lattice& lattice = lattices_[k];
    RunTeam(threads_, [&](Member& member) {
      lattice.Build(member, kernel.features, n);
      // What a filter of the lattice is too large by.
      const auto alpha = static_cast<float>(1.0 / (1.0 + std::ldexp(1.0, -lattice.dimensions())));
      const auto weight = static_cast<float>(kernel.weight);
      if (kernel.normalisation == Normalisation::kNone) {
        lattice.Scale(member, nullptr, nullptr, alpha * weight);
        return;
      }
      if (member.index() == 0) Reserve(values_[k], static_cast<size_t>(lattice.points()));
      member.Wait();
      float* values = values_[k].data();
      lattice.Splat(member, ones.data(), 1, 1, values);
      lattice.Blur(member, 1, values);
      const auto [first, last] = member.Share(n, kBlock);
      lattice.SliceAdd(first, last, values, 1, 1, 0, ones.data(), sums.data());
      const bool symmetric = kernel.normalisation == Normalisation::kSymmetric;
      for (int64_t p = first; p < last; ++p) {
        float& sum = sums[static_cast<size_t>(p)];
        sum = alpha * sum + 1e-20f;
        sum = 1 / (symmetric ? std::sqrt(sum) : sum);
      }
      member.Wait();
      const bool before = symmetric || kernel.normalisation == Normalisation::kBefore;
      const bool after = symmetric || kernel.normalisation == Normalisation::kAfter;
      lattice.Scale(member, before ? sums.data() : nullptr, after ? sums.data() : nullptr,
                    alpha * weight);
    });
  }
}

bool MeanField::SetUnary(const float* unary, int labels, float factor) {
  labels_ = labels;
  chunks_.clear();
  stride_ = 0;
  for (int first = 0; first < labels; first += kMaxWidth) {
    const int width = RoundUp(std::min(labels - first, kMaxWidth), 4);
    chunks_.push_back({width, first});
    stride_ += width;
  }
  costs_.clear();
  const auto size = static_cast<size_t>(pixels_ * stride_);
  Reserve(unary_, size);
  Reserve(q_, size);
  for (size_t k = 0; k < lattices_.size(); ++k) {
    Reserve(values_[k], static_cast<size_t>(lattices_[k].points() * stride_));
  }
  std::atomic<bool> good{true};
  RunTeam(threads_, [&](Member& member) {
    const auto [first, last] = member.Share(pixels_, kBlock);
    bool all = true;
    for (int64_t block = first; block < last; block += kBlock) {
      const int64_t end = std::min(last, block + kBlock);
      for (int64_t l = 0; l < stride_; ++l) {
        float* out = unary_.data() + l;
        if (l >= labels) {
          for (int64_t p = block; p < end; ++p) out[p * stride_] = kImpossible;
          continue;
        }
        const float* plane = unary + l * pixels_;
        for (int64_t p = block; p < end; ++p) {
          const float u = plane[order_[static_cast<size_t>(p)]] * factor;
          all &= u > -kImpossible;  // NaN is not
          out[p * stride_] = std::min(u, kImpossible);
        }
      }
    }
    if (!all) good = false;
  });
  return good;
}

void MeanField::SetCompatibility(std::span<const float> costs) {
  costs_.clear();
  if (costs.empty()) return;
  costs_.assign(static_cast<size_t>(labels_ * stride_), 0.0f);
  for (int of = 0; of < labels_; ++of) {
    for (int from = 0; from < labels_; ++from) {
      costs_[static_cast<size_t>(from * stride_ + of)] =
          costs[static_cast<size_t>(of * labels_ + from)];
    }
  }
}

void MeanField::Start() {
  RunTeam(threads_, [this](Member& member) {
    const auto [first, last] = member.Share(pixels_, kBlock);
    const float* u = unary_.data();
    float* q = q_.data();
    for (int64_t i = first * stride_; i < last * stride_; ++i) q[i] = -u[i];
    SoftmaxRows(last - first, stride_, q + first * stride_);
  });
}

void MeanField::Filter(Member& member) {
  for (size_t k = 0; k < lattices_.size(); ++k) {
    float* values = values_[k].data();
    for (const Chunk& chunk : chunks_) {
      lattices_[k].Splat(member, q_.data() + chunk.first, stride_, chunk.width, values);
      lattices_[k].Blur(member, chunk.width, values);
      values += lattices_[k].points() * chunk.width;
    }
  }
}

void MeanField::Update(Member& member, bool keep_q, double* energy_of_block) {
  const auto stride = static_cast<size_t>(stride_);
  std::vector<float> messages(static_cast<size_t>(kBlock) * stride);
  std::vector<float> terms(energy_of_block != nullptr || !costs_.empty() ? stride : 0);
  const auto [first, last] = member.Share(pixels_, kBlock);
  for (int64_t block = first; block < last; block += kBlock) {
    const int64_t count = std::min(last - block, kBlock);
    const float* u = unary_.data() + block * stride_;
    float* q = q_.data() + block * stride_;
    // Potts costs all of the message that is not the label's own; all of it is the same for each
    // label, so that only the label's own counts.
    const bool potts = costs_.empty();
    const bool apart = !potts || energy_of_block != nullptr;
    float* out = apart ? messages.data() : q;
    bool begun = false;
    for (size_t k = 0; k < lattices_.size(); ++k) {
      const float* values = values_[k].data();
      for (const Chunk& chunk : chunks_) {
        const int64_t offset = chunk.first - block * stride_;
        const float* base = (begun ? out : u) + offset;
        lattices_[k].SliceAdd(block, block + count, values, chunk.width, stride_,
                              begun   ? 1.0f
                              : apart ? 0.0f
                                      : -1.0f,
                              base, out + offset);
        values += lattices_[k].points() * chunk.width;
      }
      begun = true;
    }
    if (!begun) {
      for (int64_t i = 0; i < count * stride_; ++i) out[i] = apart ? 0.0f : -u[i];
    }
    if (apart) {
      double energy = 0;
      for (int64_t p = 0; p < count; ++p) {
        float* message = out + p * stride_;
        if (potts) {
          float all = 0;
          for (int l = 0; l < labels_; ++l) all += message[l];
          for (size_t l = 0; l < stride; ++l) terms[l] = all - message[l];
        } else {
          std::fill(terms.begin(), terms.end(), 0.0f);
          for (int from = 0; from < labels_; ++from) {
            const float* cost = costs_.data() + static_cast<size_t>(from) * stride;
            for (size_t l = 0; l < stride; ++l) terms[l] += message[from] * cost[l];
          }
        }
        const float* up = u + p * stride_;
        float* qp = q + p * stride_;
        if (energy_of_block != nullptr) {
          for (int l = 0; l < labels_; ++l) {
            const double ql = qp[l];
            if (ql > 0) {
              energy += ql * (std::log(ql) + up[l] + 0.5 * terms[static_cast<size_t>(l)]);
            }
          }
        }
        if (!keep_q) {
          for (size_t l = 0; l < stride; ++l) qp[l] = -up[l] - terms[l];
        }
      }
      if (energy_of_block != nullptr) energy_of_block[block / kBlock] = energy;
    }
    if (!keep_q) SoftmaxRows(count, stride_, q);
  }
}

void MeanField::Step(int iterations, std::vector<double>* energies) {
  std::vector<double> of_block(
      energies != nullptr ? static_cast<size_t>((pixels_ + kBlock - 1) / kBlock) : 0);
  RunTeam(threads_, [&](Member& member) {
    for (int i = 0; i < iterations; ++i) {
      Filter(member);
      Update(member, false, energies != nullptr ? of_block.data() : nullptr);
      member.Wait();
      if (energies != nullptr && member.index() == 0) {
        double sum = 0;
        for (double energy : of_block) sum += energy;
        energies->push_back(sum);
      }
    }
  });
}

double MeanField::FreeEnergy() {
  std::vector<double> of_block(static_cast<size_t>((pixels_ + kBlock - 1) / kBlock));
  RunTeam(threads_, [&](Member& member) {
    Filter(member);
    Update(member, true, of_block.data());
  });
  double sum = 0;
  for (double energy : of_block) sum += energy;
  return sum;
}

void MeanField::CopyQ(float* q) const {
  RunTeam(threads_, [&](Member& member) {
    const auto [first, last] = member.Share(pixels_, kBlock);
    for (int64_t block = first; block < last; block += kBlock) {
      const int64_t end = std::min(last, block + kBlock);
      for (int64_t l = 0; l < labels_; ++l) {
        const float* in = q_.data() + l;
        for (int64_t p = block; p < end; ++p)
          q[l * pixels_ + order_[static_cast<size_t>(p)]] = in[p * stride_];
      }
    }
  });
}

void MeanField::CopyMap(int32_t* map) const {
  RunTeam(threads_, [&](Member& member) {
    const auto [first, last] = member.Share(pixels_, kBlock);
    for (int64_t p = first; p < last; ++p) {
      const float* q = q_.data() + p * stride_;
      map[order_[static_cast<size_t>(p)]] =
          static_cast<int32_t>(std::max_element(q, q + labels_) - q);
    }
  });
}

double MeanField::BytesBefore(double n, int labels, const std::vector<int>& dimensions) {
  double bytes = 2 * n * RoundUp(labels, 4) * sizeof(float);
  for (int d : dimensions) bytes += Lattice::MostBytes(d, n);
  return bytes;
}

double MeanField::ValueBytes(int labels) const {
  double rows = 2 * static_cast<double>(pixels_);
  for (const Lattice& lattice : lattices_) rows += static_cast<double>(lattice.points());
  return rows * RoundUp(labels, 4) * sizeof(float);
}

}  // namespace seglab
