#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

// Files by hand, for tests of the readers: from the descriptions of the formats, so that they can
// also be made wrong.

namespace seglab::test_files {

/// The `bytes` low bytes of a number, lowest first.
inline std::string Little(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

/// The elements 0, 1, 2 ... of a storage.
template <typename T>
std::string Counting(int elements) {
  std::string bytes;
  for (int i = 0; i < elements; ++i) {
    const T value = static_cast<T>(i);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  return bytes;
}

inline void WriteBytes(const std::string& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(out.flush()) << path;
}

// Pickles, protocol 2. Every function gives the opcodes that put one value on the stack.

inline std::string Begin() { return std::string("\x80\x02", 2); }
inline std::string Text(std::string_view text) {
  return "X" + Little(text.size(), 4) + std::string(text);
}
inline std::string Int(int64_t value) {
  return "\x8a\x08" + Little(static_cast<uint64_t>(value), 8);
}
inline std::string Global(std::string_view module, std::string_view name) {
  return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}
inline std::string Tuple(const std::vector<std::string>& items) {
  std::string text = "(";
  for (const std::string& item : items) text += item;
  return text + "t";
}
inline std::string List(const std::vector<std::string>& items) {
  std::string text = "](";
  for (const std::string& item : items) text += item;
  return text + "e";
}
inline std::string Ints(const std::vector<int64_t>& values) {
  std::vector<std::string> items;
  for (int64_t value : values) items.push_back(Int(value));
  return Tuple(items);
}
inline std::string Call(const std::string& function, const std::string& arguments) {
  return function + arguments + "R";
}
/// Keys are texts.
inline std::string Dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string text = "}(";
  for (const auto& [key, value] : items) text += Text(key) + value;
  return text + "u";
}
inline std::string Storage(std::string_view key, int64_t elements,
                           std::string_view type = "Float") {
  return Tuple({Text("storage"), Global("torch", std::string(type) + "Storage"), Text(key),
                Text("cpu"), Int(elements)}) +
         "Q";
}
inline std::string Tensor(const std::string& storage, int64_t offset,
                          const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides) {
  const std::string hooks = Call(Global("collections", "OrderedDict"), ")");
  return Call(Global("torch._utils", "_rebuild_tensor_v2"),
              Tuple({storage, Int(offset), Ints(sizes), Ints(strides), "\x89", hooks}));
}

/// An entry of a ZIP archive; the fields after the content are there to be wrong.
struct ZipEntry {
  std::string name, content;
  uint16_t method = 0, flags = 0;
  int64_t size_error = 0;    ///< added to the size in the directory
  int64_t offset_error = 0;  ///< added to the offset in the directory
  bool zip64 = false;        ///< size and offset stand in a ZIP64 field
};

inline std::string Zip(const std::vector<ZipEntry>& entries, bool zip64_end = false,
                       const std::string& comment = "") {
  const std::string nothing(4, '\0');
  std::string bytes, directory;
  for (const ZipEntry& entry : entries) {
    const uint64_t offset = bytes.size() + static_cast<uint64_t>(entry.offset_error);
    const uint64_t size = entry.content.size() + static_cast<uint64_t>(entry.size_error);
    const std::string kind = Little(entry.flags, 2) + Little(entry.method, 2) + nothing;
    // torch.save pads so that contents begin at multiples of 64.
    const uint64_t end = bytes.size() + 30 + entry.name.size();
    const std::string padding((64 - (end + 4) % 64) % 64, 'Z');
    const std::string extra = "FB" + Little(padding.size(), 2) + padding;
    bytes += Little(0x04034b50, 4) + Little(20, 2) + kind + nothing +
             Little(entry.content.size(), 4) + Little(entry.content.size(), 4) +
             Little(entry.name.size(), 2) + Little(extra.size(), 2) + entry.name + extra +
             entry.content;
    std::string field;
    if (entry.zip64)
      field = Little(1, 2) + Little(24, 2) + Little(size, 8) + Little(size, 8) + Little(offset, 8);
    const auto small = [&](uint64_t value) { return Little(entry.zip64 ? 0xffffffff : value, 4); };
    directory += Little(0x02014b50, 4) + Little(20, 2) + Little(20, 2) + kind + nothing +
                 small(size) + small(size) + Little(entry.name.size(), 2) +
                 Little(field.size(), 2) + Little(0, 2) + nothing + nothing + small(offset) +
                 entry.name + field;
  }
  const uint64_t begin = bytes.size();
  bytes += directory;
  if (zip64_end) {
    const uint64_t end = bytes.size();
    bytes += Little(0x06064b50, 4) + Little(44, 8) + Little(45, 2) + Little(45, 2) + nothing +
             nothing + Little(entries.size(), 8) + Little(entries.size(), 8) +
             Little(directory.size(), 8) + Little(begin, 8);
    bytes += Little(0x07064b50, 4) + nothing + Little(end, 8) + Little(1, 4);
  }
  const uint64_t count = zip64_end ? 0xffff : entries.size();
  return bytes + Little(0x06054b50, 4) + nothing + Little(count, 2) + Little(count, 2) +
         Little(zip64_end ? 0xffffffff : directory.size(), 4) +
         Little(zip64_end ? 0xffffffff : begin, 4) + Little(comment.size(), 2) + comment;
}

/// A file of torch.save: a pickle and the bytes of its storages by key.
inline std::string ZipPth(const std::string& value,
                          const std::vector<std::pair<std::string, std::string>>& storages) {
  std::vector<ZipEntry> entries = {{"archive/data.pkl", Begin() + value + "."}};
  for (const auto& [key, bytes] : storages) entries.push_back({"archive/data/" + key, bytes});
  entries.push_back({"archive/version", "3\n"});
  return Zip(entries);
}

inline std::string LegacyHead(bool little_endian = true) {
  const std::string magic("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12);
  return Begin() + magic + "." + Begin() + Int(1001) + "." + Begin() +
         Dict({{"little_endian", little_endian ? "\x88" : "\x89"}}) + ".";
}

/// The same in the old format. `width`: bytes of an element.
inline std::string LegacyPth(const std::string& value,
                             const std::vector<std::pair<std::string, std::string>>& storages,
                             int width = 4) {
  std::vector<std::string> keys;
  std::string data;
  for (const auto& [key, bytes] : storages) {
    keys.push_back(Text(key));
    data += Little(bytes.size() / static_cast<size_t>(width), 8) + bytes;
  }
  return LegacyHead() + Begin() + value + "." + Begin() + List(keys) + "." + data;
}

// Protobuf.

inline std::string Varint(uint64_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text += static_cast<char>(value | 0x80);
  return text + static_cast<char>(value);
}
inline std::string Field(uint32_t number, std::string_view bytes) {
  std::string text = Varint(number << 3 | 2);
  text += Varint(bytes.size());
  return text.append(bytes);
}
inline std::string NumberField(uint32_t number, uint64_t value) {
  std::string text = Varint(number << 3);
  return text.append(Varint(value));
}

}  // namespace seglab::test_files
