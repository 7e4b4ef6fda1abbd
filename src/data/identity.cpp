#include "data/identity.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "base/prefetch.h"
#include "tensor/runtime.h"

namespace seglab {
namespace {

namespace fs = std::filesystem;

constexpr char kTitle[] = "seglab content hashes 1 ";  // followed by a hash of all other lines
constexpr int64_t kSecond = 1000000000;                // nanoseconds
constexpr int64_t kPart = 64;                          // samples that a thread takes at once

std::string HashOf(const std::string& content) {
  Digest digest;
  digest.Add(content.data(), content.size());
  return digest.Hex();
}

/// Its time of change in nanoseconds.
int64_t ChangeTime(const struct stat& info) {
#ifdef __APPLE__
  const timespec& time = info.st_mtimespec;
#else
  const timespec& time = info.st_mtim;
#endif
  return int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

/// Whether a file of this time of change (ns) may change once more and keep it.
bool IsFresh(int64_t changed) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::abs(std::chrono::nanoseconds(now).count() - changed) < 2 * kSecond;
}

}  // namespace

ContentHashes::ContentHashes(std::string path) : path_(std::move(path)) {
  if (path_.empty() || !FileExists(path_)) return;
  try {
    Load();
  } catch (const Error&) {  // it cannot be read: without it all is read anew, no less right
  }
}

void ContentHashes::Load() {
  const std::string content = ReadFile(path_);
  const size_t begin = content.find('\n') + 1;
  const std::string list = content.substr(begin);
  if (content.substr(0, begin) != kTitle + HashOf(list) + "\n") return;
  std::istringstream lines(list);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream parts(line);
    Entry entry;
    std::string file;
    if (!(parts >> entry.hash >> entry.size >> entry.changed) || parts.get() != ' ' ||
        !std::getline(parts, file)) {
      continue;
    }
    entries_[file] = entry;
  }
}

std::string ContentHashes::KeyOf(const std::string& file) {
  const fs::path path(file);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::lock_guard lock(mutex_);
  const auto [known, is_new] = folders_.try_emplace(folder.string());
  if (is_new) {
    std::error_code error;
    const fs::path resolved = fs::canonical(folder, error);
    known->second = (error ? fs::absolute(folder) : resolved).string();
  }
  return JoinPath(known->second, path.filename().string());
}

std::string ContentHashes::Of(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0)
    throw Error(file, ": cannot be read, ", std::strerror(errno), "; check the path");
  const int64_t size = info.st_size, changed = ChangeTime(info);
  const std::string key = KeyOf(file);
  {
    const std::lock_guard lock(mutex_);
    const auto known = entries_.find(key);
    if (known != entries_.end() && known->second.size == size && known->second.changed == changed)
      return StrCat(size, " ", known->second.hash);
  }
  // The time was taken before the content: a change in between makes the entry one of the past.
  const std::string content = ReadFile(file), hash = HashOf(content);
  ++files_read_;
  if (!IsFresh(changed)) {
    const std::lock_guard lock(mutex_);
    entries_[key] = {size, changed, hash};
    has_news_ = true;
  }
  return StrCat(content.size(), " ", hash);
}

void ContentHashes::Save() {
  const std::lock_guard lock(mutex_);
  if (path_.empty() || !has_news_) return;
  std::ostringstream list;
  for (const auto& [file, entry] : entries_) {
    // A name with a line break cannot stand in a line; such a file is read each time.
    if (file.find('\n') != std::string::npos) continue;
    list << entry.hash << " " << entry.size << " " << entry.changed << " " << file << "\n";
  }
  const std::string text = list.str();
  WriteFileAtomically(path_, std::string_view(kTitle + HashOf(text) + "\n" + text));
  has_news_ = false;
}

std::string DataIdentity(const Dataset& dataset, ContentHashes& hashes) {
  const int64_t size = dataset.Size();
  // No name holds a zero byte, so two lists of samples never give one text.
  const auto describe = [&](int64_t index) {
    std::string text = dataset.Name(index) + '\0';
    for (const std::string& file : dataset.Files(index)) {
      try {
        text += hashes.Of(file) + '\0';
      } catch (const Error&) {
        dataset.Get(index);  // says best what is missing
        throw;
      }
    }
    return text;
  };
  // Many at a time: where all hashes are known, handing over an item takes longer than making it.
  const auto describe_part = [&](int64_t part) {
    std::string text;
    for (int64_t i = part * kPart; i < std::min(size, (part + 1) * kPart); ++i) text += describe(i);
    return text;
  };
  Digest digest;
  const auto add = [&digest](const std::string& text) { digest.Add(text.data(), text.size()); };
  add(StrCat(TaskName(dataset.GetTask()), "\n", CanonicalJson(dataset.Labels().names), "\n",
             CanonicalJson(dataset.Settings()), "\n", size, "\n"));
  // Samples made on the fly are a function of the settings, and there may be millions of them.
  if (size > 0 && dataset.Files(0).empty()) {
    add(dataset.Name(0));
  } else {
    OrderedPrefetch<std::string> texts(describe_part, 0, (size + kPart - 1) / kPart, UsableCores());
    while (const std::optional<std::string> text = texts.Next()) add(*text);
  }
  return digest.Hex();
}

}  // namespace seglab
