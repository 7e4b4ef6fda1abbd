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

bool StandardErrorIsTerminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && (kind == nullptr || std::strcmp(kind, "dumb") != 0);
}

/// Characters that fit on a line of the terminal.
size_t TerminalWidth() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
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

bool Log::SetConsole(bool on) {
  std::lock_guard lock(mutex_);
  ClearTransient();
  const bool was = std::exchange(console_, on);
  if (on) terminal_ = StandardErrorIsTerminal();
  return was;
}

void Log::Write(const std::string& prefix, const std::string& text) {
  std::lock_guard lock(mutex_);
  if (console_) {
    ClearTransient();
    WriteToStandardError(prefix + text + "\n");
  }
  if (!file_.is_open()) return;
  file_ << TimeStamp() << " " << prefix << text << std::endl;
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
  WriteToStandardError(StrCat("\r", text.substr(0, TerminalWidth() - 1), "\x1b[K"));
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
      last_shown_(start_) {}

Progress::~Progress() { Log::Get().Transient(""); }

void Progress::Update(int64_t done, const std::string& detail) {
  const double now = Seconds();
  const bool terminal = Log::Get().ConsoleIsTerminal();
  // The last step is always shown if an earlier one was; short loops stay silent.
  const bool due = terminal ? !shown_ || now - last_shown_ >= kRedrawSeconds
                            : now - last_shown_ >= plain_seconds_;
  if (!due && !(shown_ && done >= total_)) return;
  last_shown_ = now;
  shown_ = true;
  const int64_t made = done - first_;
  const double left =
      made > 0 ? (now - start_) / static_cast<double>(made) * static_cast<double>(total_ - done)
               : -1.0;
  const std::string text = ProgressText(title_, done, total_, left, detail, terminal);
  if (terminal) {
    Log::Get().Transient(text);
  } else {
    Log::Info(text);
  }
}

std::string ProgressText(const std::string& title, int64_t done, int64_t total, double seconds_left,
                         const std::string& detail, bool bar) {
  constexpr int kBarWidth = 20;
  const double fraction =
      total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0)
                : 1.0;
  std::string text = title;
  if (bar) {
    const int filled = static_cast<int>(fraction * kBarWidth);
    text += "  [" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "]";
  }
  text += StrCat("  ", done, "/", total, "  ", static_cast<int>(100 * fraction), "%");
  if (seconds_left >= 0) text += "  " + FormatDuration(seconds_left) + " left";
  if (!detail.empty()) text += "  " + detail;
  return text;
}

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace seglab
