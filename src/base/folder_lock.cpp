#include "base/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/files.h"

namespace seglab {
namespace {

std::string ThisProcess() {
  char host[256] = "";
  ::gethostname(host, sizeof(host) - 1);
  return StrCat("process ", ::getpid(), " on ", host);
}

/// Whether the open file is still the one of this path: whoever held it may have removed it between
/// our opening and our locking it.
bool IsAt(int file, const std::string& path) {
  struct stat open {
  }, named{};
  return ::fstat(file, &open) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

}  // namespace

FolderLock::FolderLock(const std::string& folder) : path_(JoinPath(folder, "lock")) {
  for (;;) {
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0) throw Error(path_, ": cannot be made, ", std::strerror(errno));
    if (::flock(file_, LOCK_EX | LOCK_NB) == 0) {
      if (IsAt(file_, path_)) break;
    } else if (errno == EWOULDBLOCK) {
      char owner[512] = "";
      const ssize_t length = ::pread(file_, owner, sizeof(owner) - 1, 0);
      ::close(file_);
      throw FolderBusy(folder, ": ", length > 0 ? owner : "another process",
                       " is at work here; wait for it, or take another folder with --out");
    } else if (errno != EINTR) {
      const int reason = errno;
      ::close(file_);
      // A file system without locks (some of networks): work goes on without one.
      if (reason == ENOLCK || reason == EOPNOTSUPP || reason == ENOSYS) {
        file_ = -1;
        return;
      }
      throw Error(path_, ": cannot be locked, ", std::strerror(reason));
    }
    ::close(file_);
  }
  const std::string owner = ThisProcess();
  // What it says is for people: the lock itself does not depend on it.
  if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, owner.data(), owner.size(), 0) < 0) return;
}

FolderLock::~FolderLock() {
  if (file_ < 0) return;
  ::unlink(path_.c_str());
  ::close(file_);
}

}  // namespace seglab
