#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace seglab {

/// A file mapped into memory for as long as this object lives. The mapping is private: what is
/// written to it changes neither the file nor what others see of it.
class MappedFile {
 public:
  /// @throws Error when the path cannot be opened or is no plain file
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::string& path() const { return path_; }
  char* data() const { return data_; }
  uint64_t size() const { return size_; }
  std::string_view bytes() const { return {data_, size_}; }

  /// Copies bytes [offset, offset + size), which must lie in the file, to `to`. They are read, not
  /// taken from the mapping, whose pages would then stand in memory beside the copy.
  void Copy(uint64_t offset, uint64_t size, void* to) const;

 private:
  std::string path_;
  int descriptor_ = -1;
  char* data_ = nullptr;
  uint64_t size_ = 0;
};

}  // namespace seglab
