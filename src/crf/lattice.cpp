#include "crf/lattice.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "crf/lattice_digits.h"
#include "crf/point_table.h"

namespace seglab {

namespace {

// Coordinates are computed in float and kept as int32.
constexpr float kLargestFeature = 0x1p24f;

}  // namespace

/// How the vertices of pixels' simplices get numbers. Each member numbers those of its pixels; then
/// the keys are parted by their hash, and the owner of a part gives each of its keys, whoever has
/// it, a point: number * parts + part.
template <typename Key>
struct Lattice::Numbering {
  /// What a member finds in its pixels, by its own numbers.
  struct Own {
    Table<Key> table;
    HugeVector<Key> keys;
    HugeVector<uint32_t> counts;  // how many terms, then where the next one goes
    HugeVector<uint32_t> points;
  };
  struct Part {
    Table<Key> table;
    std::vector<Key> keys;         // by number
    std::vector<uint32_t> counts;  // terms of each, of the members so far
  };

  std::vector<Key> radix;  // of each axis; zero of the last, which is not in the key
  Key all = 0;             // the sum of radix
  std::vector<int64_t> least;
  std::vector<Own> owns;
  std::vector<Part> parts;
  int part_bits = 0;
  HugeVector<Key> of_point;
  std::vector<HugeVector<uint32_t>> next;  // of each axis, by point
  std::vector<HugeVector<uint8_t>> has_before;

  void SetDigits(const LatticeDigits& digits) {
    radix.clear();
    least = digits.least;
    all = 0;
    Key factor = 1;
    for (long double size : digits.size) {
      radix.push_back(factor);
      all += factor;
      factor *= static_cast<Key>(size);
    }
    radix.push_back(0);
  }

  uint32_t PartOf(uint64_t hash) const {
    return part_bits == 0 ? 0 : static_cast<uint32_t>(hash >> (64 - part_bits));
  }
  size_t Parts() const { return size_t{1} << part_bits; }
  uint32_t Point(size_t number, size_t part) const {
    return static_cast<uint32_t>(number << part_bits | part);
  }

  /// The member's pixels: weights, and its own numbers of their vertices.
  void NumberOwn(Member& member, std::span<const float* const> features, int64_t n, Term* slice) {
    const auto d = static_cast<int>(features.size());
    const auto corners = static_cast<size_t>(d) + 1;
    Own& own = owns[static_cast<size_t>(member.index())];
    const Member::Range range = member.Share(n, kSimplexBlock);
    own.table.Clear(static_cast<size_t>(range.last - range.first));
    own.keys.clear();
    own.counts.clear();
    std::vector<int32_t> rests(corners * kSimplexBlock), ranks(rests);
    std::vector<float> weights(corners * kSimplexBlock);
    std::vector<Key> by_rank(corners), keys(corners * kSimplexBlock);
    // A vertex is often the one of the pixel before.
    std::vector<Key> last_key(corners, kEmpty<Key>);
    std::vector<uint32_t> last_number(corners, 0);
    for (int64_t first = range.first; first < range.last; first += kSimplexBlock) {
      const int64_t last = std::min(range.last, first + kSimplexBlock);
      FindSimplices(features.data(), d, first, last, rests.data(), ranks.data(), weights.data());
      for (int64_t p = first; p < last; ++p) {
        const auto at = static_cast<size_t>(p - first);
        Key key = 0;
        for (size_t i = 0; i < corners; ++i) {
          const size_t lane = i * kSimplexBlock + at;
          by_rank[static_cast<size_t>(ranks[lane])] = radix[i];
          if (i < features.size()) key += static_cast<Key>(rests[lane] - least[i]) * radix[i];
        }
        // The vertex of remainder r + 1 lies a step along the axis of rank d - r from that of r.
        for (size_t r = 0; r < corners; ++r) {
          keys[at * corners + r] = key;
          own.table.Prefetch(Hash(key));
          key += all - static_cast<Key>(d + 1) * by_rank[corners - 1 - r];
        }
      }
      Term* term = slice + static_cast<size_t>(first) * corners;
      for (size_t e = 0, r = 0; e < static_cast<size_t>(last - first) * corners; ++e) {
        const Key key = keys[e];
        if (last_key[r] != key) {
          bool added = false;
          last_key[r] = key;
          last_number[r] = own.table.FindOrAdd(key, Hash(key), added);
          if (added) {
            own.keys.push_back(key);
            own.counts.push_back(0);
          }
        }
        term[e] = {last_number[r], weights[e]};
        ++own.counts[last_number[r]];
        r = r + 1 == corners ? 0 : r + 1;
      }
    }
    own.points.resize(own.keys.size());
  }

  /// Points of the keys in the member's parts. Of each point the terms of the first member come
  /// first: where another's begin is counted on the way.
  void Merge(Member& member) {
    const auto [part_first, part_last] = member.Share(static_cast<int64_t>(Parts()));
    for (int64_t i = part_first; i < part_last; ++i) {
      Part& part = parts[static_cast<size_t>(i)];
      part.table.Clear(owns.front().keys.size() / Parts());
      part.keys.clear();
      part.counts.clear();
    }
    const auto is_mine = [part_first = part_first, part_last = part_last](uint32_t part) {
      return static_cast<int64_t>(part) >= part_first && static_cast<int64_t>(part) < part_last;
    };
    constexpr size_t kAhead = 16;
    for (Own& own : owns) {
      const size_t count = own.keys.size();
      for (size_t i = 0; i < count; ++i) {
        if (i + kAhead < count) {
          // Of others' tables not even the place may be asked: they grow meanwhile.
          const uint64_t hash = Hash(own.keys[i + kAhead]);
          if (is_mine(PartOf(hash))) parts[PartOf(hash)].table.Prefetch(hash);
        }
        const uint64_t hash = Hash(own.keys[i]);
        const uint32_t in = PartOf(hash);
        if (!is_mine(in)) continue;
        Part& part = parts[in];
        bool added = false;
        const uint32_t number = part.table.FindOrAdd(own.keys[i], hash, added);
        if (added) {
          part.keys.push_back(own.keys[i]);
          part.counts.push_back(0);
        }
        own.points[i] = Point(number, in);
        part.counts[number] += std::exchange(own.counts[i], part.counts[number]);
      }
    }
  }
};

Lattice::Lattice() = default;
Lattice::~Lattice() = default;
Lattice::Lattice(Lattice&&) noexcept = default;
Lattice& Lattice::operator=(Lattice&&) noexcept = default;

bool Lattice::Fits(std::span<const float> least, std::span<const float> most) {
  for (size_t i = 0; i < least.size(); ++i) {
    if (!(std::abs(least[i]) < kLargestFeature && std::abs(most[i]) < kLargestFeature))
      return false;
  }
  return LatticeDigits(least, most).Fit();
}

double Lattice::MostBytes(int dimensions, double n) {
  // Of a corner: key, term both ways; of a point, of which there may be one a corner: keys, table,
  // counts; neighbours and chains of each axis.
  const double corners = (dimensions + 1) * n;
  return corners * (8 + 8 + 8) + corners * (8 + 8 + 24 + 4 + 4) +
         corners * (dimensions + 1) * (4 + 4 + 1);
}

void Lattice::Build(Member& member, std::span<const float* const> features, int64_t n) {
  if (member.index() == 0) {
    dimensions_ = static_cast<int>(features.size());
    pixels_ = n;
    least_.resize(features.size());
    most_.resize(features.size());
  }
  member.Wait();
  for (auto i = static_cast<size_t>(member.index()); i < features.size();
       i += static_cast<size_t>(member.size())) {
    const auto [low, high] = std::minmax_element(features[i], features[i] + n);
    least_[i] = *low;
    most_[i] = *high;
  }
  member.Wait();
  if (member.index() == 0) {
    const LatticeDigits digits(least_, most_);
    is_wide_ = !digits.AreNarrow();
    const auto prepare = [&](auto& numbering) {
      using N = std::remove_reference_t<decltype(*numbering)>;
      if (!numbering) numbering = std::make_unique<N>();
      numbering->SetDigits(digits);
    };
    if (is_wide_) {
      prepare(wide_);
    } else {
      prepare(narrow_);
    }
  }
  member.Wait();
  if (is_wide_) {
    Number(member, features, *wide_);
  } else {
    Number(member, features, *narrow_);
  }
}

template <typename Key>
void Lattice::Number(Member& member, std::span<const float* const> features,
                     Numbering<Key>& numbering) {
  const size_t corners = features.size() + 1;
  const size_t entries = corners * static_cast<size_t>(pixels_);
  if (member.index() == 0) {
    const auto size = static_cast<unsigned>(member.size());
    numbering.part_bits = size == 1 ? 0 : static_cast<int>(std::bit_width(size * 4 - 1));
    numbering.owns.resize(size);
    numbering.parts.resize(numbering.Parts());
    Reserve(slice_, entries);
    Reserve(splat_, entries);
    chains_.resize(corners);
    numbering.next.resize(corners);
    numbering.has_before.resize(corners);
  }
  member.Wait();
  numbering.NumberOwn(member, features, pixels_, slice_.data());
  member.Wait();
  numbering.Merge(member);
  member.Wait();
  if (member.index() == 0) PlacePoints(numbering, corners);
  member.Wait();
  PlaceTerms(member, corners, numbering.owns[static_cast<size_t>(member.index())]);
  FindNext(member, corners, numbering);
  member.Wait();
  for (auto axis = static_cast<size_t>(member.index()); axis < corners;
       axis += static_cast<size_t>(member.size())) {
    HugeVector<uint32_t>& chains = chains_[axis];
    const uint32_t* next = numbering.next[axis].data();
    const uint8_t* has_before = numbering.has_before[axis].data();
    chains.clear();
    for (size_t point = 0; point < static_cast<size_t>(points_); ++point) {
      if (has_before[point] != 0 || next[point] == kNone) continue;
      chains.push_back(static_cast<uint32_t>(point) | kChainStart);
      for (uint32_t at = next[point]; at != kNone; at = next[at]) chains.push_back(at);
    }
  }
  member.Wait();
}

template <typename Key>
void Lattice::PlacePoints(Numbering<Key>& numbering, size_t corners) {
  const size_t parts = numbering.Parts();
  size_t most = 0;
  for (const auto& part : numbering.parts) most = std::max(most, part.keys.size());
  const size_t points = most * parts;
  points_ = static_cast<int64_t>(points);
  Reserve(splat_start_, points + 1);
  Reserve(numbering.of_point, points);
  uint32_t sum = 0;
  for (size_t number = 0, point = 0; number < most; ++number) {
    for (size_t i = 0; i < parts; ++i, ++point) {
      const auto& part = numbering.parts[i];
      splat_start_[point] = sum;
      const bool used = number < part.keys.size();
      numbering.of_point[point] = used ? part.keys[number] : kEmpty<Key>;
      if (used) sum += part.counts[number];
    }
  }
  splat_start_[points] = sum;
  for (size_t axis = 0; axis < corners; ++axis) {
    Reserve(numbering.next[axis], points);
    numbering.has_before[axis].assign(points, 0);
  }
}

template <typename Own>
void Lattice::PlaceTerms(Member& member, size_t corners, Own& own) {
  for (size_t i = 0; i < own.keys.size(); ++i) own.counts[i] += splat_start_[own.points[i]];
  const auto [first, last] = member.Share(pixels_, kSimplexBlock);
  size_t e = static_cast<size_t>(first) * corners;
  for (int64_t pixel = first; pixel < last; ++pixel) {
    for (size_t r = 0; r < corners; ++r, ++e) {
      const uint32_t number = slice_[e].index;
      slice_[e].index = own.points[number];
      splat_[own.counts[number]++] = {static_cast<uint32_t>(pixel), slice_[e].weight};
    }
  }
}

template <typename Key>
void Lattice::FindNext(Member& member, size_t corners, Numbering<Key>& numbering) {
  const auto [first, last] = member.Share(points_, 64);
  constexpr int64_t kBlock = 64;
  uint64_t hashes[kBlock];
  const Key* keys = numbering.of_point.data();
  for (size_t axis = 0; axis < corners; ++axis) {
    const Key step = numbering.all - static_cast<Key>(corners) * numbering.radix[axis];
    uint32_t* next = numbering.next[axis].data();
    for (int64_t block = first; block < last; block += kBlock) {
      const int64_t end = std::min(last, block + kBlock);
      for (int64_t i = block; i < end; ++i) {
        const uint64_t hash = Hash(static_cast<Key>(keys[i] + step));
        hashes[i - block] = hash;
        numbering.parts[numbering.PartOf(hash)].table.Prefetch(hash);
      }
      for (int64_t i = block; i < end; ++i) {
        const uint64_t hash = hashes[i - block];
        const uint32_t in = numbering.PartOf(hash);
        const uint32_t number =
            keys[i] == kEmpty<Key>
                ? kNone
                : numbering.parts[in].table.Find(static_cast<Key>(keys[i] + step), hash);
        next[i] = number == kNone ? kNone : numbering.Point(number, in);
        // Only one point has it as its next.
        if (number != kNone) numbering.has_before[axis][next[i]] = 1;
      }
    }
  }
}

void Lattice::Scale(Member& member, const float* before, const float* after, float factor) {
  const auto corners = static_cast<int64_t>(dimensions_) + 1;
  const auto [first, last] = member.Share(pixels_);
  for (int64_t p = first; p < last; ++p) {
    const float scale = after != nullptr ? after[p] * factor : factor;
    for (int64_t e = p * corners; e < (p + 1) * corners; ++e) {
      slice_[static_cast<size_t>(e)].weight *= scale;
    }
  }
  if (before != nullptr) {
    const auto [splat_first, splat_last] = member.Share(pixels_ * corners);
    for (int64_t t = splat_first; t < splat_last; ++t) {
      Term& term = splat_[static_cast<size_t>(t)];
      term.weight *= before[term.index];
    }
  }
  member.Wait();
}

void Lattice::Splat(Member& member, const float* in, int64_t stride, int width,
                    float* values) const {
  const auto [first, last] = member.Share(points_, 64);
  SplatPoints(splat_start_.data(), splat_.data(), first, last, in, stride, width, values);
}

void Lattice::Blur(Member& member, int width, float* values) const {
  for (const HugeVector<uint32_t>& chains : chains_) {
    member.Wait();
    const auto to_start = [&chains](int64_t at) {
      const auto end = static_cast<int64_t>(chains.size());
      while (at < end && (chains[static_cast<size_t>(at)] & kChainStart) == 0) ++at;
      return at;
    };
    const auto [first, last] = member.Share(static_cast<int64_t>(chains.size()));
    BlurChains(chains.data(), to_start(first), to_start(last), width, values);
  }
  member.Wait();
}

void Lattice::SliceAdd(int64_t first, int64_t last, const float* values, int width, int64_t stride,
                       float factor, const float* base, float* out) const {
  seglab::SliceAdd(slice_.data(), dimensions_ + 1, first, last, values, width, stride, factor, base,
                   out);
}

}  // namespace seglab
