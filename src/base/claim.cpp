#include "base/claim.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <sstream>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/host.h"
#include "base/log.h"

namespace seglab {
namespace {

std::string FileOf(const std::string& path, long generation) {
  return StrCat(path, ".", generation);
}

/// What a claim's file says of its process: "HOST SPACE NUMBER START BEAT".
struct Holder {
  std::string host, space;
  long process = 0;
  long long start = 0;
  long long beat = 0;

  bool IsSameProcess(const Holder& other) const {
    return space == other.space && process == other.process && start == other.start;
  }
  std::string Text() const { return StrCat("process ", process, " on ", host); }
  /// Of one length at any count, so that it can be written over.
  std::string Content() const {
    std::string count = std::to_string(beat);
    count.insert(0, 12 - std::min<size_t>(count.size(), 12), '0');
    return StrCat(host, " ", space, " ", process, " ", start, " ", count, "\n");
  }
};

/// std::nullopt of a file that was made and not written yet.
std::optional<Holder> Parse(const std::string& content) {
  Holder holder;
  std::istringstream words(content);
  words >> holder.host >> holder.space >> holder.process >> holder.start >> holder.beat;
  return words ? std::optional(holder) : std::nullopt;
}

Holder ThisProcess() {
  Holder holder;
  holder.host = HostName().empty() ? "unknown" : HostName();
  holder.space = ProcessSpace();
  holder.process = ::getpid();
  holder.start = StartOfProcess(holder.process);
  return holder;
}

/// The numbers of the claims at a path, in order.
std::vector<long> GenerationsAt(const std::string& path) {
  const std::filesystem::path full(path);
  const std::string prefix = full.filename().string() + ".";
  std::vector<long> generations;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(full.has_parent_path() ? full.parent_path() : ".",
                                                 error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    char* end = nullptr;
    const long generation = std::strtol(name.c_str() + prefix.size(), &end, 10);
    if (*end == '\0' && generation > 0) generations.push_back(generation);
  }
  std::sort(generations.begin(), generations.end());
  return generations;
}

/// "" where it is gone.
std::string ContentOf(const std::string& file) {
  try {
    return ReadFile(file);
  } catch (const Error&) {
    return "";
  }
}

/// What a claim's own process finds of it.
enum class Sight { kOurs, kLost, kUnknown };

Sight LookAt(const std::string& file, const Holder& holder) {
  try {
    const std::optional<Holder> found = Parse(ReadFile(file));
    return found && found->IsSameProcess(holder) ? Sight::kOurs : Sight::kLost;
  } catch (const Error&) {  // a file server that is away is no reason to stop
    return ::access(file.c_str(), F_OK) != 0 && errno == ENOENT ? Sight::kLost : Sight::kUnknown;
  }
}

bool WriteOver(const std::string& file, const std::string& content, int flags) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666);
  if (descriptor < 0) return false;
  const bool written = ::pwrite(descriptor, content.data(), content.size(), 0) ==
                       static_cast<ssize_t>(content.size());
  return ::close(descriptor) == 0 && written;
}

}  // namespace

/// The thread that gives signs of life.
struct Claim::Beat {
  Beat(std::string path, long generation, const ClaimPace& pace, std::function<void()> lost)
      : thread([this, path = std::move(path), generation, pace, lost = std::move(lost)] {
          Holder holder = ThisProcess();
          int times_gone = 0;
          const auto pause = std::chrono::duration<double>(pace.beat);
          std::unique_lock lock(mutex);
          while (!ended.wait_for(lock, pause, [this] { return end; })) {
            ++holder.beat;
            const Sight sight = LookAt(FileOf(path, generation), holder);
            if (sight == Sight::kOurs) WriteOver(FileOf(path, generation), holder.Content(), 0);
            const bool gone = sight == Sight::kLost || FileExists(FileOf(path, generation + 1));
            times_gone = gone ? times_gone + 1 : 0;
            if (times_gone < 2) continue;  // what a folder shows for a moment is no proof
            if (lost) lost();
            return;
          }
        }) {}
  ~Beat() {
    {
      const std::lock_guard lock(mutex);
      end = true;
    }
    ended.notify_all();
  }

  std::mutex mutex;
  std::condition_variable ended;
  bool end = false;
  JoiningThread thread;  // last: it uses the others
};

Claim::Claim(std::string path, long generation, std::string heir_of, const ClaimPace& pace,
             std::function<void()> lost)
    : path_(std::move(path)),
      generation_(generation),
      heir_of_(std::move(heir_of)),
      beat_(std::make_unique<Beat>(path_, generation_, pace, std::move(lost))) {}

Claim::~Claim() {
  beat_.reset();
  if (LookAt(FileOf(path_, generation_), ThisProcess()) == Sight::kLost) return;
  // Ours goes last: whoever looks meanwhile sees that somebody has it.
  for (long generation : GenerationsAt(path_)) {
    if (generation <= generation_) ::unlink(FileOf(path_, generation).c_str());
  }
}

std::unique_ptr<Claim> Claims::Try(const std::string& path, std::function<void()> lost) {
  const std::vector<long> generations = GenerationsAt(path);
  long generation = 1;
  std::string heir_of, before, content;
  if (!generations.empty()) {
    const std::string file = before = FileOf(path, generations.back());
    content = ContentOf(file);
    if (!IsDead(file, content)) return nullptr;
    generation = generations.back() + 1;
    const std::optional<Holder> holder = Parse(content);
    heir_of = holder ? holder->Text() : "another process";
  }
  const std::string own = FileOf(path, generation);
  if (!WriteOver(own, ThisProcess().Content(), O_CREAT | O_EXCL)) {
    const int reason = errno;
    if (reason == EEXIST) return nullptr;  // another was quicker
    ::unlink(own.c_str());
    throw Error(own, ": cannot be made, ", std::strerror(reason),
                "; the folder must be writable for all who work in it");
  }
  // What was found dead may have been tidied away, and the work be another's since.
  if (!before.empty() && ContentOf(before) != content) {
    ::unlink(own.c_str());
    return nullptr;
  }
  return std::unique_ptr<Claim>(
      new Claim(path, generation, std::move(heir_of), pace_, std::move(lost)));
}

std::string Claims::Owner(const std::string& path) const {
  const std::vector<long> generations = GenerationsAt(path);
  if (generations.empty()) return "";
  const std::optional<Holder> holder = Parse(ContentOf(FileOf(path, generations.back())));
  return holder ? holder->Text() : "another process";
}

bool Claims::IsDead(const std::string& file, const std::string& content) {
  const std::optional<Holder> holder = Parse(content);
  if (holder && holder->space == ProcessSpace())
    return !ProcessLives(holder->process, holder->start);
  // One that is empty may be about to be written, or be of a process that died in between.
  Seen& seen = seen_[file];
  if (seen.since == 0 || seen.content != content) {
    seen = {content, Seconds(), 0};
    return false;
  }
  // Time in which nobody looked counts little: this process may have been held up as well.
  const double now = Seconds();
  seen.silence += std::min(now - seen.since, pace_.silence / 10);
  seen.since = now;
  return seen.silence > pace_.silence;
}

}  // namespace seglab
