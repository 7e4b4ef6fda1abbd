#include "regions/region_file.h"

#include <xxhash.h>
#include <zlib.h>

#include <bit>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "base/error.h"

namespace seglab {
namespace {

constexpr int kCompression = 6;
constexpr uint64_t kMostBytes = uint64_t{1} << 32;

/// "seglab proposals 1 <32 digits> <length when unpacked>\n"
std::string Title(std::string_view packed, size_t unpacked) {
  const XXH128_hash_t hash = XXH3_128bits(packed.data(), packed.size());
  char text[128];
  std::snprintf(text, sizeof text, "seglab proposals %d %016llx%016llx %zu\n", kProposalVersion,
                static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64), unpacked);
  return text;
}

class NumberWriter {
 public:
  void Add(uint64_t value) {
    for (; value >= 128; value >>= 7) bytes_ += static_cast<char>(value | 128);
    bytes_ += static_cast<char>(value);
  }
  /// Small where the difference is, of either sign.
  void AddDifference(int64_t value) {
    Add((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class NumberReader {
 public:
  explicit NumberReader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t Get() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == bytes_.size()) throw Error("proposals: end too early");
      const auto byte = static_cast<uint8_t>(bytes_[at_++]);
      value |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw Error("proposals: hold a number that is too long");
  }
  int64_t GetDifference() {
    const uint64_t value = Get();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  /// A number that counts things or pixels, of which the file must hold or imply as many.
  int GetInt(uint64_t most = INT32_MAX) {
    const uint64_t value = Get();
    if (value > most) throw Error("proposals: hold a number out of range");
    return static_cast<int>(value);
  }
  bool AtEnd() const { return at_ == bytes_.size(); }
  size_t size() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
};

std::string Pack(const std::string& bytes) {
  uLongf length = compressBound(static_cast<uLong>(bytes.size()));
  std::string packed(length, '\0');
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &length,
                reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()),
                kCompression) != Z_OK) {
    throw Error("proposals: cannot be compressed, there is not enough memory; free some");
  }
  packed.resize(length);
  return packed;
}

std::string Unpack(std::string_view packed, size_t size) {
  std::string bytes(size, '\0');
  auto length = static_cast<uLongf>(size);
  if (uncompress(reinterpret_cast<Bytef*>(bytes.data()), &length,
                 reinterpret_cast<const Bytef*>(packed.data()),
                 static_cast<uLong>(packed.size())) != Z_OK ||
      length != size) {
    throw Error("proposals: cannot be unpacked");
  }
  return bytes;
}

cv::Mat ReadMap(NumberReader& in) {
  const int rows = in.GetInt(in.size()), cols = in.GetInt(in.size());
  if (static_cast<uint64_t>(rows) * static_cast<uint64_t>(cols) > in.size()) {
    throw Error("proposals: a segment map is larger than the file");
  }
  cv::Mat map(rows, cols, CV_32SC1);
  int64_t last = 0;
  for (int y = 0; y < rows; ++y) {
    auto* row = map.ptr<int>(y);
    for (int x = 0; x < cols; ++x) row[x] = static_cast<int>(last += in.GetDifference());
  }
  return map;
}

Region ReadRegion(NumberReader& in) {
  Region r;
  r.box.x = in.GetInt();
  r.box.y = in.GetInt();
  r.box.width = in.GetInt();
  r.box.height = in.GetInt();
  r.hierarchy = in.GetInt();
  r.first = in.GetInt();
  r.last = r.first + in.GetInt(static_cast<uint64_t>(INT32_MAX - r.first));
  r.level = in.GetInt();
  r.area = static_cast<int64_t>(in.Get());
  r.score = std::bit_cast<float>(static_cast<uint32_t>(in.GetInt(UINT32_MAX)));
  return r;
}

}  // namespace

std::string EncodeRegions(const RegionSet& set) {
  NumberWriter out;
  const auto add = [&out](int value) { out.Add(static_cast<uint64_t>(value)); };
  add(set.height());
  add(set.width());
  out.Add(set.segment_maps().size());
  for (const cv::Mat& map : set.segment_maps()) {
    add(map.rows);
    add(map.cols);
    int64_t last = 0;
    for (int y = 0; y < map.rows; ++y) {
      const auto* row = map.ptr<int>(y);
      for (int x = 0; x < map.cols; ++x) {
        out.AddDifference(row[x] - last);
        last = row[x];
      }
    }
  }
  out.Add(set.hierarchies().size());
  for (const RegionSet::Hierarchy& hierarchy : set.hierarchies()) {
    add(hierarchy.segment_map);
    out.Add(hierarchy.leaf_of_segment.size());
    for (int leaf : hierarchy.leaf_of_segment) add(leaf);
  }
  out.Add(set.regions().size());
  for (const Region& r : set.regions()) {
    for (int value : {r.box.x, r.box.y, r.box.width, r.box.height, r.hierarchy, r.first,
                      r.last - r.first, r.level}) {
      add(value);
    }
    out.Add(static_cast<uint64_t>(r.area));
    out.Add(std::bit_cast<uint32_t>(r.score));
  }
  const std::string packed = Pack(out.bytes());
  return Title(packed, out.bytes().size()) + packed;
}

RegionSet DecodeRegions(std::string_view bytes) {
  const size_t end = bytes.find('\n');
  if (end == std::string_view::npos) throw Error("proposals: have no title");
  const std::string title(bytes.substr(0, end + 1));
  const std::string_view packed = bytes.substr(end + 1);
  size_t unpacked = 0;
  if (std::sscanf(title.c_str(), "seglab proposals %*d %*s %zu", &unpacked) != 1 ||
      title != Title(packed, unpacked) || unpacked > kMostBytes) {
    throw Error("proposals: the title does not fit to what follows");
  }
  const std::string content = Unpack(packed, unpacked);
  NumberReader in(content);
  const int height = in.GetInt(), width = in.GetInt();
  std::vector<cv::Mat> maps;
  for (uint64_t n = in.Get(); n > 0; --n) maps.push_back(ReadMap(in));
  std::vector<RegionSet::Hierarchy> hierarchies;
  for (uint64_t n = in.Get(); n > 0; --n) {
    RegionSet::Hierarchy hierarchy{in.GetInt(), {}};
    for (uint64_t leaves = in.Get(); leaves > 0; --leaves) {
      hierarchy.leaf_of_segment.push_back(in.GetInt());
    }
    hierarchies.push_back(std::move(hierarchy));
  }
  std::vector<Region> regions;
  for (uint64_t n = in.Get(); n > 0; --n) regions.push_back(ReadRegion(in));
  if (!in.AtEnd()) throw Error("proposals: go on behind their end");
  return {height, width, std::move(maps), std::move(hierarchies), std::move(regions)};
}

}  // namespace seglab
