#pragma once

#include <string>

#include "base/error.h"

namespace seglab {

/// Another process holds the folder.
class FolderBusy : public Error {
 public:
  using Error::Error;
};

/// Holds a folder for one process as long as it lives, by a lock of the kernel (flock) on the file
/// `lock` in it: a process that dies, in whatever way, gives it up. The file says who holds it and
/// is removed at the end.
class FolderLock {
 public:
  /// @throws FolderBusy naming the process that holds it already, Error when the file cannot be
  /// made
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  std::string path_;
  int file_ = -1;
};

}  // namespace seglab
