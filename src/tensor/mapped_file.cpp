#include "tensor/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace seglab {

MappedFile::MappedFile(const std::string& path) : path_(path) {
  descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw Error(path, ": cannot be opened: ", std::strerror(errno));
  struct stat info {};
  if (fstat(descriptor_, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(descriptor_);
    throw Error(path, ": is not a file");
  }
  size_ = static_cast<uint64_t>(info.st_size);
  if (size_ == 0) return;
  void* start = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor_, 0);
  if (start == MAP_FAILED) {
    const int reason = errno;
    close(descriptor_);
    throw Error(path, ": cannot be mapped: ", std::strerror(reason));
  }
  data_ = static_cast<char*>(start);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(data_, size_);
  close(descriptor_);
}

void MappedFile::Copy(uint64_t offset, uint64_t size, void* to) const {
  constexpr uint64_t kPiece = 1 << 30;  // a read of 2 GiB and more is cut short by the system
  char* target = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t read =
        pread(descriptor_, target, std::min(size, kPiece), static_cast<off_t>(offset));
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) {
      throw Error(path_, ": cannot be read at byte ", offset, ": ",
                  read < 0 ? std::strerror(errno) : "it has become shorter meanwhile");
    }
    target += read;
    offset += static_cast<uint64_t>(read);
    size -= static_cast<uint64_t>(read);
  }
}

}  // namespace seglab
