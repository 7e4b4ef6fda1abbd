#pragma once

#include <cstdint>
#include <vector>

namespace seglab {

/// A stream of random numbers that is a pure function of its key. The numbers are the same on every
/// machine and compiler (no std:: distribution is used).
class RandomStream {
 public:
  /// The stream of key (seed, epoch, index); any change of one of them gives an unrelated stream.
  explicit RandomStream(uint64_t seed, uint64_t epoch = 0, uint64_t index = 0);

  uint64_t Next();                          ///< 64 uniform bits
  double Uniform();                         ///< in [0, 1)
  double Uniform(double low, double high);  ///< in [low, high)
  int64_t Int(int64_t n);                   ///< in {0, ..., n-1}, unbiased; n >= 1
  int64_t Int(int64_t low, int64_t high);   ///< in {low, ..., high}
  bool Chance(double probability);          ///< true with this probability
  double Normal();                          ///< mean 0, standard deviation 1

 private:
  uint64_t state_[4];
};

/// One well-mixed number from three: for seeding other generators.
uint64_t MixSeed(uint64_t seed, uint64_t epoch = 0, uint64_t index = 0);

/// The order in which epoch `epoch` visits n samples: a permutation of 0..n-1.
std::vector<int64_t> RandomOrder(int64_t n, uint64_t seed, uint64_t epoch);

}  // namespace seglab
