#include "crf/lattice.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>

#include "crf/lattice_digits.h"
#include "crf/point_table.h"

namespace seglab {

namespace {

// Coordinates are computed in float and kept as int32.
constexpr float kLargestFeature = 0x1p24f;

}  // namespace

/// How the vertices of pixels' simplices get numbers. The keys are parted by their hash, each part
/// has a table and numbers of its own and belongs to one member: point = number * parts + part.
template <typename Key>
struct Lattice::Numbering {
  struct Part {
    Table<Key> table;
    std::vector<Key> keys;         // by number
    std::vector<uint32_t> counts;  // pixels of each, then where their terms go
  };

  std::vector<Key> radix;  // of each axis; zero of the last, which is not in the key
  Key all = 0;             // the sum of radix
  std::vector<int64_t> least;
  std::vector<Key> keys;  // (d + 1) a pixel
  std::vector<Key> of_point;
  std::vector<Part> parts;
  int part_bits = 0;
  std::vector<std::vector<uint32_t>> next;  // of each axis, by point
  std::vector<std::vector<uint8_t>> has_before;

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

  /// Keys of all vertices, weights of all pixels.
  void FindKeys(Member& member, std::span<const float* const> features, int64_t n,
                std::vector<Term>& slice) {
    const auto d = static_cast<int>(features.size());
    const auto corners = static_cast<size_t>(d) + 1;
    std::vector<int32_t> rests(corners * kSimplexBlock), ranks(rests);
    std::vector<float> weights(corners * kSimplexBlock);
    std::vector<Key> by_rank(corners);
    const Member::Range range = member.Share(n, kSimplexBlock);
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
        Key* out = keys.data() + static_cast<size_t>(p) * corners;
        Term* term = slice.data() + static_cast<size_t>(p) * corners;
        for (size_t r = 0; r < corners; ++r) {
          out[r] = key;
          term[r].weight = weights[at * corners + r];
          key += all - static_cast<Key>(d + 1) * by_rank[corners - 1 - r];
        }
      }
    }
  }

  /// Numbers of the vertices in the member's parts, in the order of pixels.
  void Give(Member& member, size_t entries, size_t corners, std::vector<Term>& slice) {
    const auto [part_first, part_last] = member.Share(static_cast<int64_t>(Parts()));
    for (int64_t i = part_first; i < part_last; ++i) {
      Part& part = parts[static_cast<size_t>(i)];
      part.table.Clear(entries / Parts() / 8);
      part.keys.clear();
      part.counts.clear();
    }
    // A vertex is often the one of the pixel before.
    std::vector<Key> last_key(corners, kEmpty<Key>);
    std::vector<uint32_t> last_point(corners, 0);
    struct Found {
      size_t entry;
      size_t corner;
      uint64_t hash;
    };
    constexpr size_t kBlock = 96;
    Found found[kBlock];
    for (size_t first = 0, corner = 0; first < entries; first += kBlock) {
      const size_t last = std::min(entries, first + kBlock);
      size_t count = 0;
      for (size_t e = first; e < last; ++e) {
        const size_t r = corner;
        corner = r + 1 == corners ? 0 : r + 1;
        const uint64_t hash = Hash(keys[e]);
        const auto part = static_cast<int64_t>(PartOf(hash));
        if (part < part_first || part >= part_last) continue;
        parts[static_cast<size_t>(part)].table.Prefetch(hash);
        found[count++] = {e, r, hash};
      }
      for (size_t i = 0; i < count; ++i) {
        const auto [e, r, hash] = found[i];
        const Key key = keys[e];
        uint32_t point;
        const uint32_t in = PartOf(hash);
        Part& part = parts[in];
        if (last_key[r] == key) {
          point = last_point[r];
        } else {
          bool added = false;
          const uint32_t number = part.table.FindOrAdd(key, hash, added);
          if (added) {
            part.keys.push_back(key);
            part.counts.push_back(0);
          }
          point = (number << part_bits) | in;
          last_key[r] = key;
          last_point[r] = point;
        }
        ++part.counts[point >> part_bits];
        slice[e].index = point;
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
    least_.clear();
    most_.clear();
    for (const float* plane : features) {
      const auto [low, high] = std::minmax_element(plane, plane + n);
      least_.push_back(*low);
      most_.push_back(*high);
    }
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
    numbering.part_bits = member.size() == 1 ? 0 : std::bit_width(unsigned(member.size()) * 4u - 1);
    numbering.parts.resize(numbering.Parts());
    numbering.keys.resize(entries);
    slice_.resize(entries);
    splat_.resize(entries);
    chains_.resize(corners);
    numbering.next.resize(corners);
    numbering.has_before.resize(corners);
  }
  member.Wait();
  numbering.FindKeys(member, features, pixels_, slice_);
  member.Wait();
  numbering.Give(member, entries, corners, slice_);
  member.Wait();

  const size_t parts = numbering.Parts();
  if (member.index() == 0) {
    size_t most = 0;
    for (const auto& part : numbering.parts) most = std::max(most, part.keys.size());
    points_ = static_cast<int64_t>(most * parts);
    splat_start_.resize(static_cast<size_t>(points_) + 1);
    numbering.of_point.resize(static_cast<size_t>(points_));
    uint32_t sum = 0;
    for (size_t number = 0; number < most; ++number) {
      for (size_t i = 0; i < parts; ++i) {
        auto& part = numbering.parts[i];
        const size_t point = number * parts + i;
        splat_start_[point] = sum;
        const bool used = number < part.keys.size();
        numbering.of_point[point] = used ? part.keys[number] : kEmpty<Key>;
        if (used) {
          const uint32_t count = part.counts[number];
          part.counts[number] = sum;
          sum += count;
        }
      }
    }
    splat_start_.back() = sum;
    for (size_t axis = 0; axis < corners; ++axis) {
      numbering.next[axis].resize(static_cast<size_t>(points_));
      numbering.has_before[axis].assign(static_cast<size_t>(points_), 0);
    }
  }
  member.Wait();

  // The pixels of each point, in their order.
  const auto [part_first, part_last] = member.Share(static_cast<int64_t>(parts));
  const auto mask = static_cast<uint32_t>(parts - 1);
  for (size_t pixel = 0, e = 0; pixel < static_cast<size_t>(pixels_); ++pixel) {
    for (size_t r = 0; r < corners; ++r, ++e) {
      const uint32_t point = slice_[e].index;
      const auto in = static_cast<int64_t>(point & mask);
      if (in < part_first || in >= part_last) continue;
      auto& part = numbering.parts[static_cast<size_t>(in)];
      splat_[part.counts[point >> numbering.part_bits]++] = {static_cast<uint32_t>(pixel),
                                                             slice_[e].weight};
    }
  }
  // The next point along each axis.
  const auto [first, last] = member.Share(points_, 64);
  constexpr int64_t kBlock = 64;
  uint64_t hashes[kBlock];
  for (size_t axis = 0; axis < corners; ++axis) {
    const Key step = numbering.all - static_cast<Key>(corners) * numbering.radix[axis];
    uint32_t* next = numbering.next[axis].data();
    for (int64_t block = first; block < last; block += kBlock) {
      const int64_t end = std::min(last, block + kBlock);
      for (int64_t i = block; i < end; ++i) {
        const uint64_t hash =
            Hash(static_cast<Key>(numbering.of_point[static_cast<size_t>(i)] + step));
        hashes[i - block] = hash;
        numbering.parts[numbering.PartOf(hash)].table.Prefetch(hash);
      }
      for (int64_t i = block; i < end; ++i) {
        const Key key = numbering.of_point[static_cast<size_t>(i)];
        const uint64_t hash = hashes[i - block];
        const uint32_t in = numbering.PartOf(hash);
        const uint32_t number =
            key == kEmpty<Key> ? kNone
                               : numbering.parts[in].table.Find(static_cast<Key>(key + step), hash);
        next[i] = number == kNone ? kNone : (number << numbering.part_bits) | in;
        // Only one point has it as its next.
        if (number != kNone) numbering.has_before[axis][next[i]] = 1;
      }
    }
  }
  member.Wait();
  for (auto axis = static_cast<size_t>(member.index()); axis < corners;
       axis += static_cast<size_t>(member.size())) {
    std::vector<uint32_t>& chains = chains_[axis];
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
  for (const std::vector<uint32_t>& chains : chains_) {
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
                       float* out) const {
  seglab::SliceAdd(slice_.data(), dimensions_ + 1, first, last, values, width, stride, out);
}

}  // namespace seglab
