#pragma once

#include <string>

namespace seglab {

/// Holds a folder for one process as long as it lives, by a lock of the kernel (flock) on the file
/// `lock` in it: a process that dies, in whatever way, gives it up. The file says who holds it and
/// is removed at the end.
class FolderLock {
 public:
  /// @throws Error naming the process that holds it already, or when the file cannot be made
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  std::string path_;
  int file_ = -1;
};

}  // namespace seglab
