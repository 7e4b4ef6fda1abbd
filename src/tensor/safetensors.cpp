#include <torch/torch.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "tensor/mapped_file.h"
#include "tensor/mapped_tensor.h"
#include "tensor/tensor_file.h"

namespace seglab {
namespace {

constexpr uint64_t kMaxHeader = 100'000'000;  // as the format's reference implementation

struct TypeRow {
  const char* name;
  at::ScalarType type;
  int64_t size;
};
constexpr TypeRow kTypes[] = {{"F64", at::kDouble, 8}, {"I64", at::kLong, 8},
                              {"F32", at::kFloat, 4},  {"I32", at::kInt, 4},
                              {"F16", at::kHalf, 2},   {"BF16", at::kBFloat16, 2},
                              {"I16", at::kShort, 2},  {"I8", at::kChar, 1},
                              {"U8", at::kByte, 1},    {"BOOL", at::kBool, 1}};

const TypeRow* TypeByName(const std::string& name) {
  for (const TypeRow& row : kTypes) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

const TypeRow* TypeOf(at::ScalarType type) {
  for (const TypeRow& row : kTypes) {
    if (type == row.type) return &row;
  }
  return nullptr;
}

uint64_t LittleEndian64(const char* bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

struct Entry {
  std::string name;
  const TypeRow* type;
  std::vector<int64_t> shape;
  uint64_t begin, end;
};

Entry ParseEntry(const std::string& name, const Json& json, uint64_t data_size,
                 const std::string& path) {
  const std::string where = StrCat(path, ": tensor \"", name, "\"");
  JsonReader reader(json, where);
  Entry entry;
  entry.name = name;
  const std::string type = reader.Require<std::string>("dtype");
  entry.type = TypeByName(type);
  if (entry.type == nullptr) {
    throw Error(where, ": type ", type, " is not supported; convert it to F32, F16, BF16 or I64");
  }
  entry.shape = reader.Require<std::vector<int64_t>>("shape");
  const auto offsets = reader.Require<std::vector<uint64_t>>("data_offsets");
  reader.Finish();
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_size) {
    throw Error(where, ": its data lies outside the file, which holds ", data_size,
                " bytes of data; the file is truncated or damaged");
  }
  entry.begin = offsets[0];
  entry.end = offsets[1];
  // Sides of 0 are left out of the overflow check: the others alone must be possible as well.
  int64_t span = entry.type->size;
  bool empty = false;
  for (int64_t side : entry.shape) {
    empty = empty || side == 0;
    if (side < 0 || __builtin_mul_overflow(span, std::max<int64_t>(side, 1), &span)) {
      throw Error(where, ": its shape is impossible; the file is damaged");
    }
  }
  const uint64_t bytes = empty ? 0 : static_cast<uint64_t>(span);
  if (bytes != entry.end - entry.begin) {
    throw Error(where, ": its shape needs ", bytes, " bytes, its data has ",
                entry.end - entry.begin, "; the file is damaged");
  }
  return entry;
}

}  // namespace

const at::Tensor* TensorFile::Find(const std::string& name) const {
  for (const auto& [key, tensor] : tensors) {
    if (key == name) return &tensor;
  }
  return nullptr;
}

TensorFile ReadSafetensors(const std::string& path) {
  auto mapping = std::make_shared<MappedFile>(path);
  if (mapping->size() < 8) {
    throw Error(path, ": is no safetensors file, it has only ", mapping->size(), " bytes");
  }
  const uint64_t header_size = LittleEndian64(mapping->data());
  if (header_size > kMaxHeader || header_size > mapping->size() - 8) {
    throw Error(path, ": is no safetensors file or is truncated: its header would have ",
                header_size, " bytes, the file has ", mapping->size());
  }
  const Json header =
      ParseJson(std::string_view(mapping->data() + 8, header_size), path + " (header)");
  if (!header.is_object())
    throw Error(path, ": is no safetensors file: its header is no JSON object");

  TensorFile file;
  std::vector<Entry> entries;
  const uint64_t data_size = mapping->size() - 8 - header_size;
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") {
      entries.push_back(ParseEntry(name, value, data_size, path));
      continue;
    }
    if (!value.is_object()) throw Error(path, ": __metadata__ is no JSON object");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) throw Error(path, ": __metadata__ \"", key, "\" is no text");
      file.metadata[key] = text.get<std::string>();
    }
  }

  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t covered = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != covered) {
      throw Error(path, ": tensor \"", entry.name, "\" begins at byte ", entry.begin,
                  " of the data instead of ", covered,
                  ": data overlaps or has holes; the file is damaged");
    }
    covered = entry.end;
  }
  if (covered != data_size) {
    throw Error(path, ": has ", data_size, " bytes of data, its tensors need ", covered,
                "; the file is damaged");
  }

  for (const Entry& entry : entries) {
    file.tensors.emplace_back(entry.name, MappedTensor(mapping, 8 + header_size + entry.begin,
                                                       entry.shape, entry.type->type));
  }
  return file;
}

void WriteSafetensors(const std::string& path, const NamedTensors& tensors,
                      const std::map<std::string, std::string>& metadata) {
  NamedTensors sorted;
  for (const auto& [name, tensor] : tensors) {
    if (TypeOf(tensor.scalar_type()) == nullptr) {
      throw Error(path, ": tensor \"", name, "\" has a type that safetensors cannot hold: ",
                  c10::toString(tensor.scalar_type()));
    }
    sorted.emplace_back(name, tensor.detach());
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return TypeOf(a.second.scalar_type())->size > TypeOf(b.second.scalar_type())->size;
  });

  Json header = Json::object();
  if (!metadata.empty()) {
    for (const auto& [key, text] : metadata) header["__metadata__"][key] = text;
  }
  uint64_t offset = 0;
  for (const auto& [name, tensor] : sorted) {
    const TypeRow* type = TypeOf(tensor.scalar_type());
    const uint64_t end = offset + static_cast<uint64_t>(tensor.numel() * type->size);
    header[name] = {
        {"dtype", type->name}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::exception&) {
    throw Error(path, ": a name or a metadata text is no UTF-8, which safetensors demands");
  }
  text.append((8 - text.size() % 8) % 8, ' ');

  WriteFileAtomically(path, [&](std::ostream& out) {
    char length[8];
    for (int i = 0; i < 8; ++i) length[i] = static_cast<char>(text.size() >> (8 * i) & 0xff);
    out.write(length, 8);
    out << text;
    for (const auto& [name, tensor] : sorted) {
      const at::Tensor plain = tensor.to(at::kCPU).contiguous();
      out.write(static_cast<const char*>(plain.data_ptr()),
                static_cast<std::streamsize>(plain.numel() * plain.element_size()));
    }
  });
}

}  // namespace seglab
