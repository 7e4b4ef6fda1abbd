#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <streambuf>
#include <utility>

#include "base/error.h"
#include "base/host.h"

namespace seglab {
namespace {

namespace fs = std::filesystem;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { Close(); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  /// 0, or the errno: some file systems report a full disk only here.
  int Close() {
    if (fd_ < 0) return 0;
    return ::close(std::exchange(fd_, -1)) == 0 ? 0 : errno;
  }

 private:
  int fd_;
};

/// A stream buffer over a file descriptor that remembers why writing failed, which std::ofstream
/// does not.
class DescriptorBuffer : public std::streambuf {
 public:
  explicit DescriptorBuffer(int fd) : fd_(fd), buffer_(1 << 16) {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }
  int error() const { return error_; }

 protected:
  int_type overflow(int_type c) override {
    if (!Flush()) return traits_type::eof();
    if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
    return traits_type::not_eof(c);
  }
  std::streamsize xsputn(const char* data, std::streamsize count) override {
    if (count == 0) return 0;  // data may be null then
    if (count > epptr() - pptr()) {
      if (!Flush()) return 0;
      if (count >= epptr() - pptr()) return WriteAll(data, count) ? count : 0;
    }
    std::memcpy(pptr(), data, static_cast<size_t>(count));
    pbump(static_cast<int>(count));
    return count;
  }
  int sync() override { return Flush() ? 0 : -1; }
  // Only what tellp() needs.
  pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode) override {
    if (offset != 0 || from != std::ios_base::cur) return pos_type(off_type(-1));
    return pos_type(written_ + (pptr() - pbase()));
  }

 private:
  bool Flush() {
    const bool ok = WriteAll(pbase(), pptr() - pbase());
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return ok;
  }
  bool WriteAll(const char* data, std::streamsize count) {
    while (count > 0 && error_ == 0) {
      const ssize_t n = ::write(fd_, data, static_cast<size_t>(count));
      if (n < 0) {
        if (errno != EINTR) error_ = errno;
        continue;
      }
      data += n;
      count -= n;
      written_ += n;
    }
    return error_ == 0;
  }

  int fd_;
  int error_ = 0;
  off_type written_ = 0;
  std::vector<char> buffer_;
};

/// A file that is removed at the end unless it was kept.
class TemporaryFile {
 public:
  /// Makes a file beside `target` under a name that no other process or thread uses.
  explicit TemporaryFile(const std::string& target) {
    static std::atomic<uint64_t> counter{0};
    static const std::string space = ProcessSpace();
    const fs::path full(target);
    const std::string name = full.filename().string().substr(0, 180);
    // A process of an earlier life may have had our number: try on.
    for (int attempt = 0; attempt < 1000; ++attempt) {
      const std::string own =
          StrCat(".", name, ".", ::getpid(), "-", counter++, "@", space, ".tmp");
      path_ = (full.parent_path() / own).string();
      fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd_ >= 0 || errno != EEXIST) break;
    }
    error_ = fd_ >= 0 ? 0 : errno;
  }
  ~TemporaryFile() {
    if (fd_ >= 0 && !kept_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  int fd() const { return fd_; }
  int error() const { return error_; }
  /// @return 0 or the errno
  int RenameTo(const std::string& target) {
    if (::rename(path_.c_str(), target.c_str()) != 0) return errno;
    kept_ = true;
    return 0;
  }

 private:
  std::string path_;
  int fd_ = -1;
  int error_ = 0;
  bool kept_ = false;
};

std::string Advice(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return "check the folder's name";
    case EACCES:
    case EPERM:
    case EROFS:
      return "choose a place where you may write";
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "make room or choose another place";
    default:
      return "check the path and the disk";
  }
}

[[noreturn]] void CannotWrite(const std::string& path, int error) {
  throw Error(path, ": cannot be written, ", std::strerror(error), "; ", Advice(error));
}

void CheckStep(const std::string& path, int error) {
  if (error != 0) CannotWrite(path, error);
}

/// Runs `write` over the descriptor and sees to it that every byte has left the process.
void WriteThrough(const std::string& path, int fd,
                  const std::function<void(std::ostream&)>& write) {
  DescriptorBuffer buffer(fd);
  std::ostream stream(&buffer);
  try {
    write(stream);
  } catch (...) {
    // A full disk is the cause, whatever the writer made of it.
    if (buffer.error() != 0) CannotWrite(path, buffer.error());
    throw;
  }
  stream.flush();
  CheckStep(path, buffer.error());
  if (!stream) throw Error(path, ": cannot be written, the content could not be made");
}

int SyncFolder(const std::string& folder) {
  FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) return errno == EACCES ? 0 : errno;  // a folder may be writable but not readable
  if (::fsync(fd.get()) == 0) return 0;
  return errno == EINVAL || errno == ENOTSUP ? 0 : errno;  // some network file systems cannot
}

/// Gives a file that was written aside its name, on the disk too.
void Keep(const std::string& path, const std::string& target, TemporaryFile& temporary,
          FileDescriptor& fd) {
  CheckStep(path, ::fsync(fd.get()) == 0 ? 0 : errno);
  CheckStep(path, fd.Close());
  CheckStep(path, temporary.RenameTo(target));
  const std::string folder = fs::path(target).parent_path().string();
  CheckStep(path, SyncFolder(folder.empty() ? "." : folder));
}

std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

std::string ReadFile(const std::string& path) {
  auto fail = [&path](int error) {
    throw Error(path, ": cannot be read, ", std::strerror(error), "; check the path");
  };
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) fail(errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) fail(errno);
  if (S_ISDIR(info.st_mode)) fail(EISDIR);
  // Pipes and /proc give size 0: the size is only a hint. One byte more shows the end in one go.
  std::string content(static_cast<size_t>(info.st_size) + 1, '\0');
  size_t filled = 0;
  for (;;) {
    if (filled == content.size()) content.resize(std::max<size_t>(2 * content.size(), 1 << 16));
    const ssize_t n = ::read(fd.get(), content.data() + filled, content.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(errno);
    if (n == 0) break;
    filled += static_cast<size_t>(n);
  }
  content.resize(filled);
  return content;
}

void WriteFileAtomically(const std::string& path, const std::function<void(std::ostream&)>& write) {
  // Renaming would replace a symbolic link instead of what it points to.
  std::string target = path;
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode)) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           &std::free);
    if (real != nullptr) target = real.get();
    if (real == nullptr && ::stat(path.c_str(), &info) != 0) CannotWrite(path, errno);
  }
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    // A device or a pipe, e.g. /dev/stdout: must be written to, never be replaced.
    FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd.ok()) CannotWrite(path, errno);
    WriteThrough(path, fd.get(), write);
    CheckStep(path, fd.Close());
    return;
  }

  TemporaryFile temporary(target);
  CheckStep(path, temporary.error());
  FileDescriptor fd(temporary.fd());
  WriteThrough(path, fd.get(), write);
  Keep(path, target, temporary, fd);
}

struct AtomicFile::Parts {
  explicit Parts(const std::string& file)
      : path(file), temporary(file), fd(temporary.fd()), buffer(fd.get()), stream(&buffer) {}
  std::string path;
  TemporaryFile temporary;
  FileDescriptor fd;
  DescriptorBuffer buffer;
  std::ostream stream;
};

AtomicFile::AtomicFile(const std::string& path) : parts_(std::make_unique<Parts>(path)) {
  CheckStep(path, parts_->temporary.error());
}

AtomicFile::~AtomicFile() = default;

std::ostream& AtomicFile::stream() { return parts_->stream; }

void AtomicFile::Commit() {
  parts_->stream.flush();
  CheckStep(parts_->path, parts_->buffer.error());
  Keep(parts_->path, parts_->path, parts_->temporary, parts_->fd);
}

void WriteFileAtomically(const std::string& path, std::string_view content) {
  WriteFileAtomically(path, [content](std::ostream& out) {
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
  });
}

void RemoveStaleTemporaries(const std::string& folder) {
  // .<name>.<process>-<number>@<process space>.tmp, see TemporaryFile.
  const std::string ending = "@" + ProcessSpace() + ".tmp";
  std::error_code error;
  fs::recursive_directory_iterator entries(folder, fs::directory_options::skip_permission_denied,
                                           error);
  std::vector<fs::path> stale;
  for (; !error && entries != fs::end(entries); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    if (name.front() != '.' || !name.ends_with(ending)) continue;
    const size_t dash = name.rfind('-');
    const size_t dot = dash == std::string::npos ? dash : name.rfind('.', dash);
    if (dot == std::string::npos || dot == 0) continue;
    const long process = std::atol(name.c_str() + dot + 1);
    if (process > 0 && !ProcessLives(process)) stale.push_back(entries->path());
  }
  for (const fs::path& path : stale) fs::remove(path, error);
}

void MakeFolders(const std::string& path) {
  if (path.empty()) return;
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && !fs::is_directory(path, error) && !error) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  if (error) {
    throw Error(path, ": cannot make this folder, ", error.message(), "; choose another place");
  }
}

void CheckWritableFolder(const std::string& path) {
  MakeFolders(path);
  TemporaryFile temporary(JoinPath(path, "check"));
  int error = temporary.error();
  if (error == 0) {
    FileDescriptor fd(temporary.fd());
    if (::write(fd.get(), "\n", 1) != 1) error = errno;
    if (error == 0) error = fd.Close();
  }
  if (error != 0) {
    throw Error(path, ": cannot make files in this folder, ", std::strerror(error), "; ",
                Advice(error));
  }
}

std::vector<std::string> ListFiles(const std::string& folder,
                                   const std::vector<std::string>& extensions) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;  // a dangling link is no plain file
    if (!entry->is_regular_file(ignored)) continue;
    std::string name = entry->path().filename().string();
    const std::string lower = LowerCase(name);
    const bool wanted = extensions.empty() || std::any_of(extensions.begin(), extensions.end(),
                                                          [&lower](const std::string& extension) {
                                                            return lower.ends_with(extension);
                                                          });
    if (wanted) names.push_back(std::move(name));
  }
  if (error) {
    throw Error(folder, ": cannot list this folder, ", error.message(), "; check the path");
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> ReadLines(const std::string& path) {
  constexpr std::string_view kSpaces = " \t\r\v\f";
  const std::string content = ReadFile(path);
  std::string_view rest = content;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);  // byte order mark
  std::vector<std::string> lines;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const size_t first = line.find_first_not_of(kSpaces);
    if (first == std::string_view::npos) continue;
    lines.emplace_back(line.substr(first, line.find_last_not_of(kSpaces) + 1 - first));
  }
  return lines;
}

std::string JoinPath(const std::string& folder, const std::string& name) {
  return (fs::path(folder) / name).string();
}

std::string Stem(const std::string& path) { return fs::path(path).stem().string(); }

bool FileExists(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool FolderExists(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

std::string HashHex(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3u;
  }
  std::string text(16, '0');
  for (int i = 15; i >= 0; --i, hash >>= 4) text[i] = "0123456789abcdef"[hash & 15];
  return text;
}

}  // namespace seglab
