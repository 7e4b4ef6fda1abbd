#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace seglab {

/// The whole file. @throws Error when it is missing or cannot be read.
std::string ReadFile(const std::string& path);

/// Calls `write` on a stream into a temporary file beside `path`, flushes it to the disk and
/// renames it to `path`: a reader sees the old content or the new, never half of it, whatever
/// happens in between. Nothing is left behind on an error.
/// @throws Error when the folder is missing, not writable, or full
void WriteFileAtomically(const std::string& path, const std::function<void(std::ostream&)>& write);
void WriteFileAtomically(const std::string& path, std::string_view content);

/// The same for a file that is written piece by piece: it has its name after Commit(), and is gone
/// when there is none.
class AtomicFile {
 public:
  /// @throws Error as WriteFileAtomically
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  std::ostream& stream();
  /// Once. @throws Error when something could not be written
  void Commit();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Removes what WriteFileAtomically left in `folder` and the folders in it when its process was
/// killed; files of processes that still live stay, and those of other machines.
void RemoveStaleTemporaries(const std::string& folder);

/// Makes `path` and its parents. @throws Error when that is not possible, e.g. a file stands there.
void MakeFolders(const std::string& path);

/// Makes `path` and tries to write in it. @throws Error when files cannot be made there.
void CheckWritableFolder(const std::string& path);

/// Names (not paths) of the plain files in a folder, sorted; only those that end in one of
/// `extensions` (lower case, with dot: ".png"; compared without case) unless that is empty.
/// @throws Error when the folder is missing or no folder
std::vector<std::string> ListFiles(const std::string& folder,
                                   const std::vector<std::string>& extensions = {});

/// The lines of a text file without line ends, surrounding spaces and empty lines.
std::vector<std::string> ReadLines(const std::string& path);

/// "a/b" from "a" and "b"; an absolute `name` stands for itself.
std::string JoinPath(const std::string& folder, const std::string& name);
/// "name" from "a/name.png".
std::string Stem(const std::string& path);
bool FileExists(const std::string& path);
bool FolderExists(const std::string& path);

/// FNV-1a, 64 bits, as 16 hexadecimal digits: to recognise equal content, not to resist forgery.
std::string HashHex(std::string_view bytes);

}  // namespace seglab
