#include "base/log.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>
#include <utility>

#include "base/format.h"

namespace seglab {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kFirstLineSeconds = 3;

bool StandardErrorIsTerminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && (kind == nullptr || std::strcmp(kind, "dumb") != 0);
}

/// At most so many characters of UTF-8.
std::string FirstCharacters(const std::string& text, size_t most) {
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] & 0xC0) != 0x80 && ++characters > most) return text.substr(0, i);
  }
  return text;
}

/// Writes all of it, around stdio: lines of several processes must not mix within a line.
void WriteToStandardError(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody is left to be told
    text.remove_prefix(static_cast<size_t>(n));
  }
}

/// Local time, "2011-11-07 14:03:59".
std::string TimeStamp() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts)};
}

}  // namespace

Log& Log::Get() {
  static Log* const log = new Log;  // never destroyed: threads may speak until the very end
  return *log;
}

Log::Log() : terminal_(StandardErrorIsTerminal()) {}

void Log::OpenFile(const std::string& path) {
  std::lock_guard lock(mutex_);
  file_ = std::ofstream();
  if (path.empty()) return;
  file_.open(path, std::ios::app);
  if (!file_) {
    throw Error(path, ": cannot open the log, ", std::strerror(errno),
                "; choose a place where you may write");
  }
}

size_t Log::TerminalWidth() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

bool Log::SetConsole(bool on) {
  std::lock_guard lock(mutex_);
  ClearTransient();
  const bool was = std::exchange(console_, on);
  if (on) terminal_ = speaker_.empty() && StandardErrorIsTerminal();
  return was;
}

void Log::SetSpeaker(const std::string& speaker) {
  std::lock_guard lock(mutex_);
  ClearTransient();
  speaker_ = speaker;
  terminal_ = speaker_.empty() && StandardErrorIsTerminal();
}

void Log::Write(const std::string& prefix, const std::string& text) {
  std::lock_guard lock(mutex_);
  if (console_) {
    ClearTransient();
    WriteToStandardError(speaker_ + prefix + text + "\n");
  }
  Append(prefix + text);
}

void Log::WriteToFile(const std::string& text) {
  std::lock_guard lock(mutex_);
  Append(text);
}

void Log::Append(const std::string& line) {
  if (!file_.is_open()) return;
  file_ << TimeStamp() << " " << line << std::endl;
  if (!file_) {
    // A full disk must not end the work that is told about; saving the work itself will complain.
    file_ = std::ofstream();
    WriteToStandardError("warning: the log file cannot be written any more\n");
  }
}

void Log::Transient(const std::string& text) {
  std::lock_guard lock(mutex_);
  if (!console_ || !terminal_) return;
  // A line that wraps could not be overwritten.
  WriteToStandardError(StrCat("\r", FirstCharacters(text, TerminalWidth() - 1), "\x1b[K"));
  transient_ = true;
}

void Log::ClearTransient() {
  if (!transient_) return;
  WriteToStandardError("\r\x1b[K");
  transient_ = false;
}

Progress::Progress(std::string title, int64_t total, int64_t already_done, double plain_seconds)
    : title_(std::move(title)),
      total_(total),
      first_(already_done),
      plain_seconds_(plain_seconds),
      start_(Seconds()),
      last_drawn_(start_),
      last_written_(start_) {}

Progress::~Progress() { Log::Get().Transient(""); }

void Progress::Update(int64_t done, const std::string& detail) {
  detail_ = detail;
  const double now = Seconds();
  const bool terminal = Log::Get().ConsoleIsTerminal();
  // The last step is always shown if an earlier one was; short loops stay silent.
  const double wait = written_ ? plain_seconds_ : std::min(plain_seconds_, kFirstLineSeconds);
  const bool write = now - last_written_ >= wait || (written_ && done >= total_);
  const bool draw = terminal && (!drawn_ || now - last_drawn_ >= kRedrawSeconds || done >= total_);
  if (!write && !draw) return;
  const int64_t made = done - first_;
  const double left =
      made > 0 ? (now - start_) / static_cast<double>(made) * static_cast<double>(total_ - done)
               : -1.0;
  const auto text = [&](size_t width) {
    return ProgressText(title_, done, total_, left, detail_, width);
  };
  if (draw) {
    Log::Get().Transient(text(Log::TerminalWidth() - 1));
    last_drawn_ = now;
    drawn_ = true;
  }
  if (!write) return;
  if (terminal) {
    Log::Get().WriteToFile(text(0));
  } else {
    Log::Info(text(0));
  }
  last_written_ = now;
  written_ = true;
}

std::string ProgressText(const std::string& title, int64_t done, int64_t total, double seconds_left,
                         const std::string& detail, size_t width) {
  constexpr int kBarWidth = 20;
  constexpr size_t kShortestTitle = 8;
  const double fraction =
      total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0)
                : 1.0;
  std::string counts = StrCat("  ", done, "/", total, "  ", static_cast<int>(100 * fraction), "%");
  if (seconds_left >= 0) counts += "  " + FormatDuration(seconds_left) + " left";
  if (!detail.empty()) counts += "  " + detail;
  const size_t room = width > TextWidth(counts) ? width - TextWidth(counts) : 0;
  const int filled = static_cast<int>(fraction * kBarWidth);
  const std::string bar = "  [" + std::string(static_cast<size_t>(filled), '#') +
                          std::string(static_cast<size_t>(kBarWidth - filled), '.') + "]";
  if (width == 0) return title + counts;
  if (TextWidth(title) + bar.size() <= room) return title + bar + counts;
  return CutMiddle(title, std::max(room, kShortestTitle)) + counts;
}

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace seglab
