#include <torch/torch.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "tensor/element_type.h"
#include "tensor/mapped_file.h"
#include "tensor/mapped_tensor.h"
#include "tensor/memory_budget.h"
#include "tensor/quoted.h"
#include "tensor/safetensors_header.h"
#include "tensor/tensor_file.h"

namespace seglab {
namespace {

constexpr uint64_t kMaxHeader = 100'000'000;  // as the format's reference implementation

uint64_t LittleEndian64(const char* bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// Data must be covered without overlap and holes, so that nothing can hide in the file.
void CheckLayout(std::vector<SafetensorsEntry>& entries, uint64_t data_size,
                 const std::string& path) {
  std::sort(entries.begin(), entries.end(),
            [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
              return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
            });
  uint64_t covered = 0;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != covered) {
      throw Error(path, ": tensor ", Quoted(entry.name), " begins at byte ", entry.begin,
                  " of the data instead of ", covered,
                  ": data overlaps or has holes; the file is damaged");
    }
    covered = entry.end;
  }
  if (covered != data_size) {
    throw Error(path, ": has ", data_size, " bytes of data, its tensors need ", covered,
                "; the file is damaged");
  }
}

/// "text": value of a JSON object. @throws Json::exception when it is no UTF-8
std::string JsonMember(const std::string& key, const Json& value) {
  return Json(key).dump() + ":" + value.dump();
}

/// The header, by hand: objects of nlohmann that keep their order search it for every new key.
std::string HeaderText(const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::string text = "{";
  if (!metadata.empty()) {
    for (const auto& [key, value] : metadata)
      text += (text.size() == 1 ? "\"__metadata__\":{" : ",") + JsonMember(key, value);
    text += "}";
  }
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const uint64_t end = offset + static_cast<uint64_t>(tensor.numel()) * tensor.element_size();
    const Json entry = {{"dtype", ElementTypeName(tensor.scalar_type())},
                        {"shape", tensor.sizes().vec()},
                        {"data_offsets", {offset, end}}};
    text += (text.size() == 1 ? "" : ",") + JsonMember(name, entry);
    offset = end;
  }
  return text + "}";
}

void CheckNames(const NamedTensors& tensors, const std::string& path) {
  std::set<std::string_view> names = {"__metadata__"};
  for (const auto& [name, tensor] : tensors) {
    if (!names.insert(name).second) {
      throw Error(path, ": cannot hold a tensor of the name ", Quoted(name),
                  ", which is taken; give it another one");
    }
  }
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
  MemoryBudget budget(path, mapping->size());
  const uint64_t data_size = mapping->size() - 8 - header_size;
  SafetensorsHeader header =
      ParseSafetensorsHeader(mapping->bytes().substr(8, header_size), data_size, path, budget);
  CheckLayout(header.entries, data_size, path);
  TensorFile file;
  file.format = "safetensors";
  file.metadata = std::move(header.metadata);
  file.unread = std::move(header.unread);
  for (const SafetensorsEntry& entry : header.entries) {
    if (!entry.type) continue;
    file.tensors.emplace_back(
        entry.name, MappedTensor(mapping, 8 + header_size + entry.begin, entry.shape, *entry.type));
  }
  return file;
}

void WriteSafetensors(const std::string& path, const NamedTensors& tensors,
                      const std::map<std::string, std::string>& metadata) {
  NamedTensors sorted;
  for (const auto& [name, tensor] : tensors) {
    if (ElementTypeName(tensor.scalar_type()).empty()) {
      throw Error(path, ": tensor \"", name, "\" has a type that safetensors cannot hold: ",
                  c10::toString(tensor.scalar_type()));
    }
    sorted.emplace_back(name, tensor.detach());
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();
  });

  CheckNames(sorted, path);
  std::string text;
  try {
    text = HeaderText(sorted, metadata);
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
