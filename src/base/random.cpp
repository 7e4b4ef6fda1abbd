#include "base/random.h"

#include <cmath>
#include <stdexcept>
#include <utility>

namespace seglab {
namespace {

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15u;

/// The finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
/// OOPSLA 2014): one to one, every input bit changes about half of the output bits.
uint64_t Mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint64_t RotateLeft(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

/// The index of the stream that orders an epoch; no sample has it.
constexpr uint64_t kOrderIndex = ~uint64_t{0};

}  // namespace

uint64_t MixSeed(uint64_t seed, uint64_t epoch, uint64_t index) {
  // Each number is mixed before the next is added, so that (1, 0, 0), (0, 1, 0) and (0, 0, 1)
  // differ.
  uint64_t hash = Mix(seed + kGolden);
  hash = Mix((hash ^ epoch) + kGolden);
  return Mix((hash ^ index) + kGolden);
}

RandomStream::RandomStream(uint64_t seed, uint64_t epoch, uint64_t index) {
  uint64_t state = MixSeed(seed, epoch, index);
  for (uint64_t& word : state_) word = Mix(state += kGolden);
}

// xoshiro256** (Blackman, Vigna: Scrambled linear pseudorandom number generators, TOMS 2021).
uint64_t RandomStream::Next() {
  const uint64_t result = RotateLeft(state_[1] * 5, 7) * 9;
  const uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = RotateLeft(state_[3], 45);
  return result;
}

double RandomStream::Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

double RandomStream::Uniform(double low, double high) {
  const double value = low + (high - low) * Uniform();
  return value < high ? value : low;  // rounding can reach `high`
}

int64_t RandomStream::Int(int64_t n) {
  if (n < 1) throw std::logic_error("RandomStream::Int: n must be at least 1");
  const uint64_t range = static_cast<uint64_t>(n);
  const uint64_t excess = (0 - range) % range;  // 2^64 mod n: so many numbers are thrown away
  for (;;) {
    const uint64_t bits = Next();
    if (bits >= excess) return static_cast<int64_t>(bits % range);
  }
}

int64_t RandomStream::Int(int64_t low, int64_t high) {
  if (high < low) throw std::logic_error("RandomStream::Int: low is above high");
  // Unsigned, because the difference may not fit; a range of all 2^64 numbers is refused by Int(n).
  return low +
         Int(static_cast<int64_t>(static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1));
}

bool RandomStream::Chance(double probability) { return Uniform() < probability; }

// Ratio of uniforms (Kinderman, Monahan: Computer generation of random variables using the ratio of
// uniform deviates, TOMS 1977). The value itself is made of exactly rounded operations only; the
// logarithm, whose last bit differs between libraries, merely decides on acceptance.
double RandomStream::Normal() {
  constexpr double kTwoRootTwoOverE = 1.7155277699214135;  // 2 sqrt(2 / e)
  for (;;) {
    const double u = 1.0 - Uniform();  // in (0, 1]
    const double v = kTwoRootTwoOverE * (Uniform() - 0.5);
    const double x = v / u;
    if (x * x <= -4.0 * std::log(u)) return x;
  }
}

std::vector<int64_t> RandomOrder(int64_t n, uint64_t seed, uint64_t epoch) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) order[i] = i;
  RandomStream random(seed, epoch, kOrderIndex);
  for (int64_t i = n - 1; i > 0; --i) std::swap(order[i], order[random.Int(i + 1)]);
  return order;
}

}  // namespace seglab
