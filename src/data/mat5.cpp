// The format: MathWorks, "MAT-File Format", chapter 1, level 5.

#include "data/mat5.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <climits>
#include <cmath>
#include <optional>

#include "base/error.h"

namespace seglab {
namespace {

constexpr size_t kHeader = 128, kTag = 8;
constexpr uint32_t kInt8 = 1, kUint8 = 2, kInt16 = 3, kUint16 = 4, kInt32 = 5, kUint32 = 6,
                   kDouble = 9, kMatrix = 14, kCompressed = 15;
constexpr uint32_t kStructClass = 2, kDoubleClass = 6, kUint8Class = 9, kUint16Class = 11,
                   kComplexFlag = 0x800;
constexpr size_t kMostUnpacked = 256 << 20;
constexpr size_t kMostFields = 256, kLongestField = 64;

/// Bytes of a number of this type; 0: of none.
size_t SizeOf(uint32_t type) {
  switch (type) {
    case kInt8:
    case kUint8:
      return 1;
    case kInt16:
    case kUint16:
      return 2;
    case kInt32:
    case kUint32:
      return 4;
    case kDouble:
      return 8;
    default:
      return 0;
  }
}

/// Which end of a number comes first.
bool IsLittle(std::string_view bytes) { return bytes.substr(126, 2) == "IM"; }

/// Elements one after the other: type and size, then data, padded to 8 bytes.
class Elements {
 public:
  struct Element {
    uint32_t type;
    std::string_view data;
  };

  Elements(std::string_view bytes, bool little, const std::string& path)
      : bytes_(bytes), little_(little), path_(path) {}

  [[noreturn]] void Damaged(const char* what) const {
    throw Error(path_, ": is a truncated or damaged MATLAB file, ", what, "; copy it again");
  }

  bool AtEnd() const { return at_ == bytes_.size(); }

  Element Next() {
    if (bytes_.size() - at_ < kTag) Damaged("an element is cut off");
    const uint32_t first = Number(bytes_.substr(at_, 4)), size = Number(bytes_.substr(at_ + 4, 4));
    if (first >> 16 != 0) {  // a small one: at most 4 bytes, in the place of the size
      if (first >> 16 > 4) Damaged("a small element is too large");
      const Element small{first & 0xffff, bytes_.substr(at_ + 4, first >> 16)};
      at_ += kTag;
      return small;
    }
    at_ += kTag;
    if (size > bytes_.size() - at_) Damaged("an element reaches beyond its end");
    const Element element{first, bytes_.substr(at_, size)};
    const size_t padded = first == kCompressed ? size : (size_t{size} + 7) / 8 * 8;
    at_ += std::min(padded, bytes_.size() - at_);
    return element;
  }

  /// The next element, which must be of this type.
  std::string_view Next(uint32_t type, const char* what) {
    const Element element = Next();
    if (element.type != type) Damaged(what);
    return element.data;
  }

  uint32_t Number(std::string_view four) const {
    uint32_t number = 0;
    for (size_t i = 0; i < 4; ++i) {
      const auto byte = static_cast<uint8_t>(four[i]);
      number |= uint32_t{byte} << (8 * (little_ ? i : 3 - i));
    }
    return number;
  }

  bool little() const { return little_; }
  const std::string& path() const { return path_; }

 private:
  std::string_view bytes_;
  bool little_;
  const std::string& path_;
  size_t at_ = 0;
};

/// What every matrix begins with; the elements behind it are its content.
struct MatrixHead {
  uint32_t kind = 0;  ///< class
  bool complex = false;
  std::vector<uint32_t> sides;
  std::string_view name;

  bool IsSingle() const {
    return std::all_of(sides.begin(), sides.end(), [](uint32_t side) { return side == 1; });
  }
};

MatrixHead ReadHead(Elements& elements) {
  MatrixHead head;
  const std::string_view flags = elements.Next(kUint32, "a matrix has no class");
  if (flags.size() != 8) elements.Damaged("a matrix has no class");
  const uint32_t word = elements.Number(flags.substr(0, 4));
  head.kind = word & 0xff;
  head.complex = (word & kComplexFlag) != 0;
  const std::string_view sides = elements.Next(kInt32, "a matrix has no sides");
  if (sides.size() % 4 != 0 || sides.size() < 8 || sides.size() > 4 * 32)
    elements.Damaged("a matrix has no sides");
  for (size_t i = 0; i < sides.size(); i += 4)
    head.sides.push_back(elements.Number(sides.substr(i, 4)));
  head.name = elements.Next(kInt8, "a matrix has no name");
  return head;
}

/// Unpacks an element. @param left  bytes that may still be unpacked of the file
std::string Unpacked(std::string_view packed, size_t& left, const std::string& path) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw Error(path, ": zlib cannot be started, is memory left?");
  struct Closer {
    z_stream* stream;
    ~Closer() { inflateEnd(stream); }
  } closer{&stream};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string unpacked;
  char buffer[1 << 16];
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof(buffer);
    state = inflate(&stream, Z_NO_FLUSH);
    const size_t made = sizeof(buffer) - stream.avail_out;
    if (made > left) {
      throw Error(path, ": unpacks to more than ", kMostUnpacked >> 20,
                  " MiB, which no label map needs; it is damaged or made to exhaust memory");
    }
    left -= made;
    unpacked.append(buffer, made);
    if (state == Z_OK && made == 0 && stream.avail_in == 0) break;
  }
  if (state != Z_STREAM_END)
    throw Error(path,
                ": is a truncated or damaged MATLAB file, its packed data end early or are "
                "wrong; copy it again");
  return unpacked;
}

MatBytes ReadBytes(std::string_view matrix, const std::string& what, const Elements& outer) {
  const std::string& path = outer.path();
  if (matrix.empty()) throw Error(path, ": ", what, " is empty, is the file broken?");
  Elements elements(matrix, outer.little(), path);
  const MatrixHead head = ReadHead(elements);
  if (head.kind != kUint8Class || head.complex || head.sides.size() != 2)
    throw Error(path, ": ", what, " is no plain uint8 matrix, as SBD's labels are");
  const Elements::Element data = elements.AtEnd() ? Elements::Element{kUint8, {}} : elements.Next();
  const uint64_t rows = head.sides[0], columns = head.sides[1];
  if (data.type != kUint8 || rows == 0 || columns == 0 || rows > INT_MAX || columns > INT_MAX ||
      rows * columns != data.data.size()) {
    throw Error(path, ": ", what, " says ", columns, "x", rows, " but holds ", data.data.size(),
                " bytes, is the file broken?");
  }
  MatBytes bytes{static_cast<int>(rows), static_cast<int>(columns), {}};
  bytes.values.assign(data.data.begin(), data.data.end());
  return bytes;
}

/// The member of a structure whose head has been read.
MatBytes ReadMember(Elements& elements, const std::string& variable, const std::string& member) {
  const std::string_view length = elements.Next(kInt32, "a structure has no members");
  if (length.size() != 4) elements.Damaged("a structure has no members");
  const uint32_t width = elements.Number(length);
  const std::string_view names = elements.Next(kInt8, "a structure has no names of members");
  if (width == 0 || width > kLongestField || names.size() % width != 0 ||
      names.size() / width > kMostFields)
    elements.Damaged("the names of a structure's members are impossible");
  for (size_t at = 0; at < names.size(); at += width) {
    const std::string_view matrix = elements.Next(kMatrix, "a member is no matrix");
    const std::string_view name = names.substr(at, width);
    if (name.substr(0, name.find('\0')) == member)
      return ReadBytes(matrix, variable + "." + member, elements);
  }
  throw Error(elements.path(), ": ", variable, " has no content in ", member,
              ", is the file broken?");
}

/// The value of a number of this type, which need not be that of the matrix: small ones are stored
/// as such.
double NumberAt(std::string_view data, size_t index, uint32_t type, bool little) {
  const size_t size = SizeOf(type);
  uint64_t bits = 0;
  for (size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<uint8_t>(data[index * size + i]);
    bits |= uint64_t{byte} << (8 * (little ? i : size - 1 - i));
  }
  switch (type) {
    case kInt8:
      return static_cast<int8_t>(bits);
    case kInt16:
      return static_cast<int16_t>(bits);
    case kInt32:
      return static_cast<int32_t>(bits);
    case kDouble:
      return std::bit_cast<double>(bits);
    default:
      return static_cast<double>(bits);
  }
}

MatNumbers ReadNumbers(const MatrixHead& head, Elements& elements) {
  const std::string& path = elements.path();
  const std::string what(head.name);
  const bool is_known =
      head.kind == kUint8Class || head.kind == kUint16Class || head.kind == kDoubleClass;
  if (!is_known || head.complex || head.sides.size() != 2)
    throw Error(path, ": ", what, " is no matrix of labels (uint8, uint16 or double)");
  const Elements::Element data = elements.AtEnd() ? Elements::Element{kUint8, {}} : elements.Next();
  const uint64_t rows = head.sides[0], columns = head.sides[1];
  const size_t size = SizeOf(data.type);
  if (size == 0 || rows == 0 || columns == 0 || rows > INT_MAX || columns > INT_MAX ||
      data.data.size() % size != 0 || rows * columns != data.data.size() / size) {
    throw Error(path, ": ", what, " says ", columns, "x", rows, " but holds ", data.data.size(),
                " bytes, is the file broken?");
  }
  MatNumbers numbers{static_cast<int>(rows), static_cast<int>(columns), {}};
  numbers.values.resize(rows * columns);
  for (size_t i = 0; i < numbers.values.size(); ++i) {
    const double value = NumberAt(data.data, i, data.type, elements.little());
    if (!(value >= 0 && value <= 65535) || value != std::floor(value))
      throw Error(path, ": ", what, " holds ", value, ", which is no label (0, 1 ... 65535)");
    numbers.values[i] = static_cast<uint16_t>(value);
  }
  return numbers;
}

/// Calls use(head, content) for each matrix, unpacked. It reads to the end: a file that is cut off
/// behind what is sought is damaged too.
template <typename Use>
void ForEachMatrix(std::string_view bytes, const std::string& path, const Use& use) {
  const bool little = IsLittle(bytes);
  Elements file(bytes.substr(kHeader), little, path);
  if (file.AtEnd()) file.Damaged("there is nothing in it");
  size_t left = kMostUnpacked;
  while (!file.AtEnd()) {
    const Elements::Element element = file.Next();
    std::string unpacked;
    std::string_view matrix = element.data;
    if (element.type == kCompressed) {
      unpacked = Unpacked(element.data, left, path);
      Elements inner(unpacked, little, path);
      matrix = inner.Next(kMatrix, "something else than a matrix is packed");
    } else if (element.type != kMatrix) {
      continue;
    }
    Elements elements(matrix, little, path);
    const MatrixHead head = ReadHead(elements);
    use(head, elements);
  }
}

}  // namespace

MatKind MatKindOf(std::string_view bytes) {
  if (bytes.size() < kHeader) return MatKind::kNone;
  const std::string_view order = bytes.substr(126, 2), version = bytes.substr(124, 2);
  if (order != "IM" && order != "MI") return MatKind::kNone;
  const char high = order == "IM" ? version[1] : version[0];
  const char low = order == "IM" ? version[0] : version[1];
  if (low != 0) return MatKind::kNone;
  return high == 1 ? MatKind::kMat5 : high == 2 ? MatKind::kMat73 : MatKind::kNone;
}

MatBytes ReadMat5Bytes(std::string_view bytes, const std::string& variable,
                       const std::string& member, const std::string& path) {
  std::optional<MatBytes> found;
  ForEachMatrix(bytes, path, [&](const MatrixHead& head, Elements& elements) {
    if (found || head.name != variable || head.kind != kStructClass) return;
    if (!head.IsSingle()) {
      throw Error(path, ": ", variable,
                  " is several structures or none, where SBD has one; is the file broken?");
    }
    found = ReadMember(elements, variable, member);
  });
  if (!found) {
    throw Error(path, ": holds no structure ", variable,
                "; SBD's class labels are cls/<id>.mat, not inst/<id>.mat");
  }
  return *found;
}

std::optional<MatNumbers> ReadMat5Numbers(std::string_view bytes,
                                          const std::vector<std::string>& names,
                                          const std::string& path) {
  std::optional<MatNumbers> found;
  ForEachMatrix(bytes, path, [&](const MatrixHead& head, Elements& elements) {
    if (found || std::find(names.begin(), names.end(), head.name) == names.end()) return;
    found = ReadNumbers(head, elements);
  });
  return found;
}

}  // namespace seglab
