#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace seglab {

/// Endings of picture files that can be read, lower case, with dot.
const std::vector<std::string>& PictureExtensions();

/// Whether the name ends as a picture's does, in any case.
bool IsPictureName(std::string_view name);

/// "a/b" of "a/b.JPG": the path without a picture's ending; other endings stay, "scan.2024.05".
std::string PictureStem(std::string_view path);

/// Whether a system or a tool left a file or folder of this name: ".DS_Store", "._x", "Thumbs.db",
/// "__MACOSX", anything that begins with a dot.
bool IsSystemName(std::string_view name);

/// What to look for in a folder.
struct FileTableOptions {
  /// How names are made of stems, without ending: "{stem}_mask". Once "{stem}", anywhere.
  std::string pattern = "{stem}";
  std::string more_extension;  ///< an ending besides those of pictures: ".mat"; "" = none
  std::string without;         ///< a folder that is not looked into, "" = none
};

/// The pictures in a folder and all folders below it, found by stem: the path relative to the
/// folder without ending, "aachen/a_1" of "aachen/a_1_mask.png" and "{stem}_mask". Links are
/// followed; hidden and system files are not seen. Const and thread-safe once made.
class FileTable {
 public:
  FileTable() = default;
  /// @throws Error when the folder cannot be listed, or the pattern has no "{stem}"
  explicit FileTable(const std::string& folder, FileTableOptions options = {});
  FileTable(FileTable&&) = default;

  const std::string& folder() const { return folder_; }
  const std::string& pattern() const { return options_.pattern; }

  struct Entry {
    std::string stem;
    std::string file;  ///< relative to the folder
  };
  /// Sorted by stem, then by name.
  const std::vector<Entry>& entries() const { return entries_; }

  /// The stem's file; of several that of `more_extension`, or the ".png". nullptr when there is
  /// none.
  const Entry* Find(const std::string& stem) const;
  /// What a list means by `text`: a stem, or a file relative to the folder. nullptr when neither is
  /// there; with another ending than the file's it is.
  const Entry* FindListed(const std::string& text) const;
  std::string Path(const Entry& entry) const;
  /// Another file of the same stem as entries()[i], or nullptr.
  const Entry* Twin(size_t i) const;
  /// The stem of a file by this name, whether it is there or not; "" when the pattern does not fit.
  std::string StemOf(std::string_view file) const;

  /// The path that the stem's file should have: ".png", or another ending.
  std::string Expected(const std::string& stem, const std::string& ending = ".png") const;
  /// " (nearest: <path>)" when a file in the folder is like the stem, "; the folder holds no
  /// picture" when it is empty, else "". Of a mask named by another pattern it says which.
  std::string Hint(const std::string& stem, const std::string& pattern_option = "") const;

 private:
  const Entry* Nearest(const std::string& stem) const;

  std::string folder_;
  FileTableOptions options_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string_view, size_t> by_stem_;  ///< the first of entries_, keys in them
  /// How often Hint looked through all: of 100,000 files that is slow.
  std::shared_ptr<std::atomic<int>> looks_ = std::make_shared<std::atomic<int>>(0);
};

/// Whether "{stem}" stands once in the pattern and no ending of a picture. @throws Error "where:
/// ..."
void CheckPattern(const std::string& pattern, const std::string& where);

/// " (nearest: <path>)": what stands beside a path that does not exist and is like it; else "".
std::string NearestPathHint(const std::string& path);

}  // namespace seglab
