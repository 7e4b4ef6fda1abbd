#pragma once

#include <atomic>
#include <cstdint>
#include <fstream>
#include <mutex>
#include <string>

#include "base/error.h"

namespace seglab {

/// What the program says while it works: lines on standard error, and in a file when one is open.
/// Safe to use from several threads.
class Log {
 public:
  static Log& Get();

  template <typename... Parts>
  static void Info(const Parts&... parts) {
    Get().Write("", StrCat(parts...));
  }
  /// Starts with "warning: ".
  template <typename... Parts>
  static void Warn(const Parts&... parts) {
    Get().Write("warning: ", StrCat(parts...));
  }

  /// Appends from now on to `path` as well, each line with date and time; "" closes the file.
  void OpenFile(const std::string& path);
  /// False: nothing on standard error (the file still gets everything). True also looks anew
  /// whether standard error is a terminal.
  bool SetConsole(bool on);  ///< what it was
  /// Of several processes on one terminal: what stands before each of this one's lines. Nothing is
  /// drawn over then.
  void SetSpeaker(const std::string& speaker);
  void Write(const std::string& prefix, const std::string& text);

  /// Into the file alone.
  void WriteToFile(const std::string& text);

  /// A line that the next one overwrites: progress on a terminal. Never goes into the file.
  void Transient(const std::string& text);
  bool ConsoleIsTerminal() const { return terminal_; }
  /// Characters that fit on a line of the terminal.
  static size_t TerminalWidth();

 private:
  Log();
  void ClearTransient();
  void Append(const std::string& line);

  std::mutex mutex_;
  std::ofstream file_;
  std::string speaker_;
  bool console_ = true;
  std::atomic<bool> terminal_{false};
  bool transient_ = false;
};

/// A log file for as long as this object lives.
class LogFile {
 public:
  explicit LogFile(const std::string& path) { Log::Get().OpenFile(path); }
  ~LogFile() { Log::Get().OpenFile(""); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
};

/// Nothing is shown for as long as this object lives; the log file is written.
class LogSilence {
 public:
  LogSilence() : shown_(Log::Get().SetConsole(false)) {}
  ~LogSilence() { Log::Get().SetConsole(shown_); }
  LogSilence(const LogSilence&) = delete;
  LogSilence& operator=(const LogSilence&) = delete;

 private:
  bool shown_;
};

/// Progress of a loop of known length with the time left. On a terminal a line that is drawn over
/// itself and fits there, elsewhere a plain line every `plain_seconds`, the first one soon; these
/// stand in the log file in both cases.
class Progress {
 public:
  /// @param already_done  steps done in an earlier life, which do not count for the speed
  Progress(std::string title, int64_t total, int64_t already_done = 0, double plain_seconds = 15.0);
  ~Progress();
  /// @param detail  text at the end: "loss 1.234"
  void Update(int64_t done, const std::string& detail = "");
  /// The same with the detail of the last time.
  void Step(int64_t done) { Update(done, std::string(detail_)); }

 private:
  std::string title_;
  int64_t total_;
  int64_t first_;
  double plain_seconds_;
  double start_;
  double last_drawn_, last_written_;  ///< seconds of the clock; start_ before the first time
  bool drawn_ = false, written_ = false;
  std::string detail_;
};

/// One line of progress: "title  12/40  30%  3m 20s left  detail". A negative `seconds_left` is
/// unknown and left out.
/// @param width  0: any; else a bar [####......] stands before the counts where there is room for
/// it,
///               and the middle of the title goes where there is none for that
std::string ProgressText(const std::string& title, int64_t done, int64_t total, double seconds_left,
                         const std::string& detail, size_t width);

/// Seconds of a steady clock: only differences mean something.
double Seconds();

}  // namespace seglab
