// The format: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 (records) and 4.5.3 (ZIP64).

#include "tensor/zip.h"

#include <algorithm>

#include "base/error.h"
#include "tensor/byte_reader.h"
#include "tensor/quoted.h"

namespace seglab {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50;
constexpr uint32_t kEnd64Locator = 0x07064b50;
constexpr uint64_t kCentralHeaderSize = 46, kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20;
constexpr uint16_t kZip64Extra = 1;
constexpr uint16_t kEncrypted = 1;

struct Directory {
  uint64_t offset, size, entries;
};

[[noreturn]] void Damaged(const std::string& path, const std::string& what) {
  throw Error(path, ": ", what, "; the archive is truncated or damaged");
}

/// The end record is the last thing of an archive but for a comment of up to 65535 bytes.
uint64_t FindEnd(std::string_view bytes, const std::string& path) {
  const uint64_t size = bytes.size();
  for (uint64_t comment = 0; comment <= 0xffff && comment + kEndSize <= size; ++comment) {
    const uint64_t at = size - kEndSize - comment;
    ByteReader reader(bytes.substr(at), path);
    if (reader.Read<uint32_t>() != kEnd) continue;
    reader.Take(kEndSize - 6);
    if (reader.Read<uint16_t>() == comment) return at;
  }
  Damaged(path, "has no directory at its end");
}

Directory ReadEnd64(std::string_view bytes, uint64_t end, const std::string& path) {
  ByteReader locator(bytes.substr(end - kLocatorSize, kLocatorSize), path);
  locator.Take(8);
  const uint64_t at = locator.Read<uint64_t>();
  if (end - kLocatorSize < kEnd64Size || at > end - kLocatorSize - kEnd64Size)
    Damaged(path, "its ZIP64 directory lies outside the archive");
  ByteReader reader(bytes.substr(at, kEnd64Size), path);
  if (reader.Read<uint32_t>() != kEnd64) Damaged(path, "its ZIP64 directory is missing");
  reader.Take(8 + 2 + 2);
  const uint32_t disk = reader.Read<uint32_t>(), first_disk = reader.Read<uint32_t>();
  const uint64_t here = reader.Read<uint64_t>(), entries = reader.Read<uint64_t>();
  if (disk != 0 || first_disk != 0 || here != entries)
    throw Error(path, ": is one of several volumes of an archive; join them first");
  const uint64_t size = reader.Read<uint64_t>(), offset = reader.Read<uint64_t>();
  if (offset > at || size > at - offset) Damaged(path, "its directory lies outside the archive");
  return {offset, size, entries};
}

Directory FindDirectory(std::string_view bytes, const std::string& path) {
  const uint64_t end = FindEnd(bytes, path);
  if (end >= kLocatorSize) {
    ByteReader locator(bytes.substr(end - kLocatorSize), path);
    if (locator.Read<uint32_t>() == kEnd64Locator) return ReadEnd64(bytes, end, path);
  }
  ByteReader reader(bytes.substr(end), path);
  reader.Take(4);
  const uint16_t disk = reader.Read<uint16_t>(), first_disk = reader.Read<uint16_t>();
  const uint16_t here = reader.Read<uint16_t>(), entries = reader.Read<uint16_t>();
  if (disk != 0 || first_disk != 0 || here != entries)
    throw Error(path, ": is one of several volumes of an archive; join them first");
  const uint32_t size = reader.Read<uint32_t>(), offset = reader.Read<uint32_t>();
  if (offset > end || size > end - offset) Damaged(path, "its directory lies outside the archive");
  return {offset, size, entries};
}

/// A directory entry and where its local header stands.
struct Row {
  ZipArchive::Entry entry{};
  uint64_t header = 0;
};

/// Fields that are too large for 32 bits stand in an extra field, in this order.
void ReadZip64(std::string_view extra, Row& row, uint64_t& packed, const std::string& path) {
  ByteReader fields(extra, path);
  while (fields.left() >= 4) {
    const uint16_t kind = fields.Read<uint16_t>();
    const std::string_view content = fields.Take(fields.Read<uint16_t>());
    if (kind != kZip64Extra) continue;
    ByteReader reader(content, path);
    for (uint64_t* value : {&row.entry.size, &packed, &row.header}) {
      if (*value == 0xffffffff) *value = reader.Read<uint64_t>();
    }
    return;
  }
}

Row ReadRow(ByteReader& reader, const std::string& path) {
  if (reader.Read<uint32_t>() != kCentralHeader) Damaged(path, "its directory is damaged");
  reader.Take(2 + 2);
  const uint16_t flags = reader.Read<uint16_t>(), method = reader.Read<uint16_t>();
  reader.Take(2 + 2 + 4);
  uint64_t packed = reader.Read<uint32_t>();
  Row row;
  row.entry.size = reader.Read<uint32_t>();
  const uint16_t name_size = reader.Read<uint16_t>(), extra_size = reader.Read<uint16_t>();
  const uint16_t comment_size = reader.Read<uint16_t>();
  reader.Take(2 + 2 + 4);
  row.header = reader.Read<uint32_t>();
  row.entry.name = reader.Take(name_size);
  ReadZip64(reader.Take(extra_size), row, packed, path);
  reader.Take(comment_size);
  if ((flags & kEncrypted) != 0)
    throw Error(path, ": its entry ", Quoted(row.entry.name), " is encrypted; decrypt it first");
  row.entry.stored = method == 0 && packed == row.entry.size;
  row.entry.size = packed;
  return row;
}

/// Sets the content's offset from the local header, which repeats the name.
void Locate(std::string_view bytes, const Directory& directory, Row& row, const std::string& path) {
  const std::string_view before = bytes.substr(0, directory.offset);
  if (row.header > before.size())
    Damaged(path, StrCat("its entry ", Quoted(row.entry.name), " lies outside the archive"));
  ByteReader reader(before.substr(row.header), path);
  if (reader.Read<uint32_t>() != kLocalHeader)
    Damaged(path, StrCat("its entry ", Quoted(row.entry.name), " does not begin where it should"));
  reader.Take(2 + 2 + 2 + 2 + 2 + 4 + 4 + 4);
  const uint16_t name_size = reader.Read<uint16_t>(), extra_size = reader.Read<uint16_t>();
  if (reader.Take(name_size) != row.entry.name)
    Damaged(path, StrCat("its entry ", Quoted(row.entry.name), " has two names"));
  reader.Take(extra_size);
  row.entry.offset = row.header + reader.position();
  reader.Take(row.entry.size);
}

}  // namespace

ZipArchive::ZipArchive(std::string_view bytes, const std::string& path)
    : bytes_(bytes), path_(path) {
  const Directory directory = FindDirectory(bytes, path);
  // Before any memory is taken for them.
  if (directory.entries > directory.size / kCentralHeaderSize)
    Damaged(path, StrCat("its directory cannot hold ", directory.entries, " entries"));
  ByteReader reader(bytes.substr(directory.offset, directory.size), path);
  std::vector<Row> rows(directory.entries);
  for (Row& row : rows) {
    row = ReadRow(reader, path);
    Locate(bytes, directory, row, path);
  }
  if (reader.left() != 0) Damaged(path, "its directory is longer than its entries");
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return a.header < b.header; });
  for (size_t i = 0; i + 1 < rows.size(); ++i) {
    if (rows[i].entry.offset + rows[i].entry.size > rows[i + 1].header) {
      Damaged(path, StrCat("its entries ", Quoted(rows[i].entry.name), " and ",
                           Quoted(rows[i + 1].entry.name), " overlap"));
    }
  }
  entries_.reserve(rows.size());
  for (const Row& row : rows) entries_.push_back(row.entry);
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  for (size_t i = 0; i + 1 < entries_.size(); ++i) {
    if (entries_[i].name == entries_[i + 1].name)
      Damaged(path, StrCat("its entry ", Quoted(entries_[i].name), " is there twice"));
  }
}

std::string_view ZipArchive::Content(const Entry& entry) const {
  if (entry.stored) return bytes_.substr(entry.offset, entry.size);
  throw Error(path_, ": its entry ", Quoted(entry.name),
              " is compressed, which torch.save never does; unpack it and pack it again with zip "
              "-0, or load it in Python and save it again with torch.save");
}

const ZipArchive::Entry* ZipArchive::Find(std::string_view name) const {
  auto found =
      std::lower_bound(entries_.begin(), entries_.end(), name,
                       [](const Entry& entry, std::string_view n) { return entry.name < n; });
  return found != entries_.end() && found->name == name ? &*found : nullptr;
}

}  // namespace seglab
