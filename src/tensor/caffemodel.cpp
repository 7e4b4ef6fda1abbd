// Schema: src/caffe/proto/caffe.proto of BVLC/caffe. Wire format: protobuf.dev, "Encoding".

#include "tensor/caffemodel.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "tensor/byte_reader.h"
#include "tensor/mapped_file.h"
#include "tensor/mapped_tensor.h"
#include "tensor/memory_budget.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

/// Numbers of the fields in the schema.
struct LayerFields {
  uint32_t name, type, blobs;
};
constexpr uint32_t kNetName = 1, kNetV1Layer = 2, kNetLayer = 100;
constexpr LayerFields kLayer{1, 2, 7}, kV1Layer{4, 5, 6}, kV0Layer{1, 2, 50};
constexpr uint32_t kV0InV1 = 1;
constexpr uint32_t kBlobFirstSide = 1, kBlobLastSide = 4;  // num, channels, height, width
constexpr uint32_t kBlobData = 5, kBlobShape = 7, kBlobDoubleData = 8, kShapeDim = 1;

constexpr size_t kMostSides = 32;     // as Caffe
constexpr size_t kLongestName = 512;  // bytes

struct V1Type {
  uint64_t number;
  std::string_view name;
};
/// Of the enumeration V1LayerParameter.LayerType, those that have blobs.
constexpr V1Type kV1Types[] = {{4, "Convolution"}, {14, "InnerProduct"}, {39, "Deconvolution"}};

/// A field of a message. The content of kBytes is a view; numbers stand in `value`.
struct Field {
  uint32_t number;
  WireType type;
  uint64_t value;
  std::string_view bytes;
};

uint64_t ReadVarint(ByteReader& reader, const std::string& where) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint64_t byte = reader.Read<uint8_t>();
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw Error(where, ": a number of more than 64 bits; the file is damaged or no caffemodel");
}

/// The next field, or nothing at the end.
std::optional<Field> NextField(ByteReader& reader, const std::string& where) {
  if (reader.left() == 0) return std::nullopt;
  const uint64_t tag = ReadVarint(reader, where);
  Field field{static_cast<uint32_t>(tag >> 3), static_cast<WireType>(tag & 7), 0, {}};
  if (tag < 8 || tag > 0xffffffff) throw Error(where, ": a field without number; no caffemodel");
  switch (field.type) {
    case kVarint:
      field.value = ReadVarint(reader, where);
      return field;
    case kFixed64:
      field.bytes = reader.Take(8);
      return field;
    case kBytes:
      field.bytes = reader.Take(ReadVarint(reader, where));
      return field;
    case kFixed32:
      field.bytes = reader.Take(4);
      return field;
  }
  throw Error(where, ": a field of an unknown kind (", static_cast<uint32_t>(field.type),
              "); the file is damaged or no caffemodel");
}

/// Elements of one type in a blob: one piece as a rule; writers that do not pack them make a piece
/// of every element.
struct Pieces {
  uint64_t bytes = 0, count = 0;
  std::string_view first;

  void Add(std::string_view piece) {
    if (count++ == 0) first = piece;
    bytes += piece.size();
  }
};

struct Blob {
  std::vector<int64_t> shape;
  bool four_sides = false;  // in the manner of 2013
  Pieces floats, doubles;
};

/// Whether the field holds elements: packed, or one alone.
bool IsElements(const Field& field, uint32_t number) {
  const WireType alone = number == kBlobData ? kFixed32 : kFixed64;
  return field.number == number && (field.type == kBytes || field.type == alone);
}

class CaffemodelReader {
 public:
  explicit CaffemodelReader(const std::string& path)
      : file_(std::make_shared<MappedFile>(path)), path_(path), budget_(path, file_->size()) {}

  TensorFile Read() {
    ByteReader reader(file_->bytes(), path_);
    while (const std::optional<Field> field = NextField(reader, path_)) {
      if (field->type != kBytes) continue;
      if (field->number == kNetName && IsText(field->bytes))
        result_.metadata["name"] = field->bytes;
      if (field->number == kNetLayer) ReadLayer(field->bytes, kLayer);
      if (field->number == kNetV1Layer) ReadV1Layer(field->bytes);
    }
    if (result_.tensors.empty())
      throw Error(path_, ": holds no layer with weights; it is no caffemodel or an empty one");
    return std::move(result_);
  }

 private:
  /// Names must suit the metadata of other formats, which are UTF-8.
  static bool IsText(std::string_view text) {
    if (text.size() > kLongestName) return false;
    try {
      Json(text).dump();
    } catch (const Json::exception&) {
      return false;
    }
    return true;
  }

  void ReadV1Layer(std::string_view message) {
    ByteReader reader(message, path_);
    while (const std::optional<Field> field = NextField(reader, path_)) {
      if (field->type == kBytes && field->number == kV0InV1)
        return ReadLayer(field->bytes, kV0Layer);
    }
    ReadLayer(message, kV1Layer);
  }

  void ReadLayer(std::string_view message, const LayerFields& fields) {
    std::string name, type;
    std::vector<std::string_view> blobs;
    ByteReader reader(message, path_);
    while (const std::optional<Field> field = NextField(reader, path_)) {
      if (field->number == fields.name && field->type == kBytes) {
        if (!IsText(field->bytes))
          throw Error(path_, ": the layer name ", Quoted(field->bytes), " is no text");
        name = field->bytes;
      } else if (field->number == fields.type) {
        type = TypeText(*field);
      } else if (field->number == fields.blobs && field->type == kBytes) {
        budget_.ChargeTensor();
        blobs.push_back(field->bytes);
      }
    }
    if (blobs.empty()) return;
    if (name.empty()) throw Error(path_, ": has a layer without a name; the file is damaged");
    const auto [there, added] = blobs_.emplace(name, blobs);
    if (!added && there->second == blobs) return;  // one in training, the same in testing
    if (!added) {
      throw Error(path_, ": has two layers ", Quoted(name),
                  " with different weights; the file is damaged");
    }
    if (!type.empty()) result_.metadata[name + ".type"] = type;
    const bool statistics = type == "BatchNorm" && blobs.size() == 3;
    const size_t first = result_.tensors.size();
    for (size_t i = 0; i < blobs.size(); ++i) {
      const std::string full = name + BlobName(i, statistics);
      const std::string where = StrCat(path_, ": ", Quoted(full));
      const Blob blob = ReadBlob(blobs[i], where);
      if (IsEmpty(blob)) continue;  // of a layer of Python, as Faster R-CNN's
      result_.tensors.emplace_back(full, MakeTensor(blob, blobs[i], type, i, where));
    }
    if (result_.tensors.size() - first != blobs.size()) return;
    if (statistics) DivideByFactor(first, StrCat(path_, ": layer ", Quoted(name)));
  }

  static std::string BlobName(size_t index, bool statistics) {
    if (index == 0) return statistics ? ".running_mean" : ".weight";
    if (index == 1) return statistics ? ".running_var" : ".bias";
    return ".blob" + std::to_string(index);
  }

  /// Caffe keeps sums of means and variances and, as third blob, what both must be divided by; it
  /// takes a factor of 0 for no statistics, that is zeros.
  void DivideByFactor(size_t first, const std::string& where) {
    NamedTensors& tensors = result_.tensors;
    const at::Tensor mean = tensors[first].second, variance = tensors[first + 1].second,
                     factor = tensors[first + 2].second;
    if (factor.numel() != 1 || mean.sizes() != variance.sizes()) {
      throw Error(where,
                  ": its mean, variance and factor do not fit together; the file is "
                  "damaged");
    }
    const double divisor = factor.item<double>();
    if (!std::isfinite(divisor)) throw Error(where, ": its factor is no number");
    for (const at::Tensor& sum : {mean, variance}) sum.mul_(divisor == 0 ? 0 : 1 / divisor);
    tensors.pop_back();
  }

  static std::string TypeText(const Field& field) {
    if (field.type == kBytes) return IsText(field.bytes) ? std::string(field.bytes) : "";
    for (const V1Type& row : kV1Types) {
      if (row.number == field.value) return std::string(row.name);
    }
    return "V1 " + std::to_string(field.value);
  }

  void AddSide(Blob& blob, uint64_t side, const std::string& where) const {
    if (blob.shape.size() == kMostSides)
      throw Error(where, " has more than ", kMostSides, " sides; the file is damaged");
    blob.shape.push_back(static_cast<int64_t>(side));
  }

  void ReadShape(std::string_view message, Blob& blob, const std::string& where) const {
    ByteReader reader(message, where);
    while (const std::optional<Field> field = NextField(reader, where)) {
      if (field->number != kShapeDim) continue;
      if (field->type == kVarint) AddSide(blob, field->value, where);
      if (field->type != kBytes) continue;
      ByteReader sides(field->bytes, where);
      while (sides.left() > 0) AddSide(blob, ReadVarint(sides, where), where);
    }
  }

  Blob ReadBlob(std::string_view message, const std::string& where) const {
    Blob blob;
    std::vector<int64_t> four_sides(4, 0);
    ByteReader reader(message, where);
    while (const std::optional<Field> field = NextField(reader, where)) {
      if (IsElements(*field, kBlobData)) blob.floats.Add(field->bytes);
      if (IsElements(*field, kBlobDoubleData)) blob.doubles.Add(field->bytes);
      if (field->number == kBlobShape && field->type == kBytes)
        ReadShape(field->bytes, blob, where);
      if (field->number >= kBlobFirstSide && field->number <= kBlobLastSide &&
          field->type == kVarint) {
        blob.four_sides = true;
        four_sides[field->number - kBlobFirstSide] = static_cast<int64_t>(field->value);
      }
    }
    if (blob.four_sides) blob.shape = four_sides;
    return blob;
  }

  /// Of no elements, and none are there.
  static bool IsEmpty(const Blob& blob) {
    return std::find(blob.shape.begin(), blob.shape.end(), 0) != blob.shape.end() &&
           blob.floats.bytes == 0 && blob.doubles.bytes == 0;
  }

  at::Tensor MakeTensor(const Blob& blob, std::string_view message, const std::string& type,
                        size_t index, const std::string& where) const {
    const bool is_double = blob.doubles.count > 0;
    const Pieces& pieces = is_double ? blob.doubles : blob.floats;
    const int64_t width = is_double ? 8 : 4;
    int64_t bytes = width;
    for (int64_t side : blob.shape) {
      if (side <= 0 || __builtin_mul_overflow(bytes, side, &bytes))
        throw Error(where, ": its shape is impossible or empty; the file is damaged");
    }
    if (static_cast<uint64_t>(bytes) != pieces.bytes || (is_double && blob.floats.count > 0)) {
      throw Error(where, ": its shape needs ", bytes, " bytes, its data has ", pieces.bytes,
                  "; the file is damaged or holds data of a kind that Caffe does not write");
    }
    const std::vector<int64_t> shape =
        blob.four_sides ? Modern(blob.shape, type, index) : blob.shape;
    const at::ScalarType element = is_double ? at::kDouble : at::kFloat;
    if (pieces.count == 1) {
      const auto offset = static_cast<uint64_t>(pieces.first.data() - file_->data());
      return MappedTensor(file_, offset, shape, element);
    }
    at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(element));
    char* to = static_cast<char*>(tensor.data_ptr());
    ByteReader reader(message, where);
    while (const std::optional<Field> field = NextField(reader, where)) {
      if (field->bytes.empty() || !IsElements(*field, is_double ? kBlobDoubleData : kBlobData))
        continue;
      std::memcpy(to, field->bytes.data(), field->bytes.size());
      to += field->bytes.size();
    }
    return tensor;
  }

  /// Without the leading sides of 1 that blobs of 2013 have beside those of today.
  static std::vector<int64_t> Modern(const std::vector<int64_t>& shape, const std::string& type,
                                     size_t index) {
    const bool product = type == "InnerProduct" || type == "innerproduct";
    size_t extra = index > 0 ? 3 : product ? 2 : 0;
    if (!std::all_of(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(extra),
                     [](int64_t side) { return side == 1; })) {
      extra = 0;
    }
    return {shape.begin() + static_cast<std::ptrdiff_t>(extra), shape.end()};
  }

  std::shared_ptr<MappedFile> file_;
  const std::string path_;
  MemoryBudget budget_;
  std::map<std::string, std::vector<std::string_view>> blobs_;  // of layers, by name
  TensorFile result_ = {{}, {}, "caffemodel"};
};

}  // namespace

TensorFile ReadCaffemodel(const std::string& path) { return CaffemodelReader(path).Read(); }

bool MayBeCaffemodel(std::string_view bytes) {
  // The tags of name, layers, input and layer; a serializer writes fields by their numbers.
  for (std::string_view tag : {"\x0a", "\x12", "\x1a", "\xa2\x06"}) {
    if (bytes.starts_with(tag)) return true;
  }
  return false;
}

}  // namespace seglab
