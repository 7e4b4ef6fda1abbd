#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace seglab {

/// The files in a ZIP archive. Those that are read must be stored without compression, as
/// torch.save does: then each is a piece of the archive, and the archive cannot unfold to more than
/// itself. ZIP64 is understood; encryption, several volumes, overlapping or repeated entries are
/// refused. Checksums are not looked at: torch.save can be told to leave them out, and torch.load
/// does not look at them either.
class ZipArchive {
 public:
  struct Entry {
    std::string_view name;
    uint64_t offset;  ///< of the content, in bytes from the beginning of the archive
    uint64_t size;    ///< of the content as it stands there, in bytes
    bool stored;      ///< without compression
  };

  /// @param bytes  the archive, which must outlive this object
  /// @param path   names it in messages
  /// @throws Error
  ZipArchive(std::string_view bytes, const std::string& path);

  /// The entry, or nullptr.
  const Entry* Find(std::string_view name) const;
  /// @throws Error where it is compressed
  std::string_view Content(const Entry& entry) const;
  /// Sorted by name.
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::string_view bytes_;
  std::string path_;
  std::vector<Entry> entries_;
};

}  // namespace seglab
