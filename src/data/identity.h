#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "data/dataset.h"

namespace seglab {

/// Hashes of files' contents, remembered by path, size and time of change, so that data that were
/// looked at once are not read again. What was changed within the last two seconds is not
/// remembered: times of files are coarse, another change might leave no trace.
class ContentHashes {
 public:
  /// @param path  file that keeps them between processes, "" = none; a missing, unreadable or
  /// damaged one is empty
  explicit ContentHashes(std::string path = "");

  /// The size and a 128-bit hash (XXH3) of a file's content, as text. Thread-safe.
  /// @throws Error when it cannot be read
  std::string Of(const std::string& file);

  /// Writes what is known into the file, aside and renamed, when something has come to it.
  /// @throws Error when it cannot be written
  void Save();

  /// How many files were read because nothing was remembered of them as they are.
  int64_t files_read() const { return files_read_; }

 private:
  struct Entry {
    int64_t size, changed;  ///< bytes; nanoseconds
    std::string hash;
  };
  void Load();
  std::string KeyOf(const std::string& file);

  std::string path_;
  std::mutex mutex_;                            ///< of all that follows
  std::map<std::string, Entry> entries_;        ///< by absolute path, see KeyOf
  std::map<std::string, std::string> folders_;  ///< absolute and without links, by what was given
  bool has_news_ = false;                       ///< that Save has not written yet
  std::atomic<int64_t> files_read_ = 0;
};

/// What a data set is, wherever it lies: a hash (32 hexadecimal digits) over its task, classes and
/// settings, and each sample's name and the content of its files. Reads on all cores.
/// @throws Error when a file is missing or cannot be read, that of Dataset::Get where it says more
std::string DataIdentity(const Dataset& dataset, ContentHashes& hashes);

}  // namespace seglab
