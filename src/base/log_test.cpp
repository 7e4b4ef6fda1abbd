#include "base/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/format.h"
#include "base/test_folder.h"

namespace seglab {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

/// Standard error goes to `descriptor` while this object lives.
class Redirect {
 public:
  explicit Redirect(int descriptor) : old_(::dup(STDERR_FILENO)) {
    ::dup2(descriptor, STDERR_FILENO);
    Log::Get().SetConsole(true);
  }
  ~Redirect() {
    ::dup2(old_, STDERR_FILENO);
    ::close(old_);
    Log::Get().SetConsole(true);
  }

 private:
  int old_;
};

/// What `talk` puts on standard error when that is a file.
template <typename Talk>
std::string SaidToFile(Talk talk) {
  const TestFolder folder;
  const int fd = ::open(folder.File("stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  {
    const Redirect redirect(fd);
    talk();
  }
  ::close(fd);
  return ReadFile(folder.File("stderr"));
}

/// What `talk` puts on standard error when that is a terminal of `columns`; "" when there is none.
template <typename Talk>
std::string SaidToTerminal(int columns, Talk talk) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) return "";
  const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
  if (terminal < 0) return "";
  termios settings{};
  ::tcgetattr(terminal, &settings);
  ::cfmakeraw(&settings);
  ::tcsetattr(terminal, TCSANOW, &settings);
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  ::ioctl(terminal, TIOCSWINSZ, &size);
  ::setenv("TERM", "xterm", 1);
  {
    const Redirect redirect(terminal);
    talk();
    // Ends the reading below; ClearTransient() of the Redirect would come after it.
    if (::write(terminal, "\0", 1) != 1) return "";
  }
  std::string said;
  for (char c = 1; ::read(master, &c, 1) == 1 && c != 0;) said += c;
  ::close(terminal);
  ::close(master);
  return said;
}

TEST(Log, SpeaksOnStandardError) {
  EXPECT_EQ(SaidToFile([] {
              Log::Info("epoch ", 3, " of ", 4);
              Log::Warn("slow");
            }),
            "epoch 3 of 4\nwarning: slow\n");
}

TEST(Log, IsSilentWhenTheConsoleIsOff) {
  const TestFolder folder;
  EXPECT_EQ(SaidToFile([&folder] {
              Log::Get().SetConsole(false);
              const LogFile file(folder.File("log.txt"));
              Log::Info("hidden");
            }),
            "");
  EXPECT_THAT(ReadFile(folder.File("log.txt")), HasSubstr("hidden"));
}

TEST(Log, AppendsToItsFileWithDateAndTime) {
  const TestFolder folder;
  const std::string path = folder.File("log.txt");
  SaidToFile([&path] {
    {
      const LogFile file(path);
      Log::Info("one");
    }
    Log::Info("between");
    const LogFile file(path);
    Log::Warn("two");
  });
  const std::vector<std::string> lines = ReadLines(path);
  ASSERT_EQ(lines.size(), 2u);
  const std::string date = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} ";
  EXPECT_THAT(lines[0], MatchesRegex(date + "one"));
  EXPECT_THAT(lines[1], MatchesRegex(date + "warning: two"));
}

TEST(Log, ReportsAFileThatCannotBeOpened) {
  const TestFolder folder;
  EXPECT_THAT(
      [&] { Log::Get().OpenFile(folder.File("none/log.txt")); },
      testing::ThrowsMessage<Error>(HasSubstr("none/log.txt: cannot open the log, No such")));
}

TEST(Log, GoesOnWhenTheDiskIsFull) {
  if (!FileExists("/dev/full") && ::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  const std::string said = SaidToFile([] {
    const LogFile file("/dev/full");
    Log::Info("one");
    Log::Info("two");
  });
  EXPECT_EQ(said, "one\nwarning: the log file cannot be written any more\ntwo\n");
}

TEST(Log, KeepsLinesOfSeveralThreadsWhole) {
  const TestFolder folder;
  const std::string path = folder.File("log.txt");
  constexpr int kThreads = 4, kLines = 50;
  const std::string said = SaidToFile([&path] {
    const LogFile file(path);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([t] {
        for (int i = 0; i < kLines; ++i) Log::Info(std::string(60, static_cast<char>('a' + t)));
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  const std::vector<std::string> lines = ReadLines(path);
  EXPECT_EQ(lines.size(), static_cast<size_t>(kThreads * kLines));
  for (const std::string& line : lines) {
    const std::string text = line.substr(20);
    EXPECT_EQ(text, std::string(60, text[0]));
  }
  EXPECT_EQ(said.size(), static_cast<size_t>(kThreads * kLines * 61));
}

TEST(Log, OverwritesTransientLinesOnATerminalOnly) {
  auto talk = [] {
    Log::Get().Transient("0123456789abcdef");
    Log::Info("line");
  };
  EXPECT_EQ(SaidToFile(talk), "line\n");
  const std::string said = SaidToTerminal(11, talk);
  if (said.empty()) GTEST_SKIP() << "no pseudo terminal";
  EXPECT_EQ(said, "\r0123456789\x1b[K\r\x1b[Kline\n");
}

TEST(Progress, WritesPlainLinesWithoutATerminal) {
  const std::string said = SaidToFile([] {
    Progress progress("train", 4, 1, 0.0);
    progress.Update(1);
    progress.Update(2, "loss 1.5");
    progress.Update(4);
  });
  EXPECT_THAT(said, StartsWith("train  1/4  25%\ntrain  2/4  50%  0s left  loss 1.5\n"));
  EXPECT_THAT(said, HasSubstr("train  4/4  100%"));
  EXPECT_THAT(said, Not(HasSubstr("[")));
}

TEST(Progress, IsSilentAboutShortLoops) {
  EXPECT_EQ(SaidToFile([] {
              Progress progress("train", 2, 0, 1000.0);
              progress.Update(1);
              progress.Update(2);
            }),
            "");
}

TEST(Progress, IsWholeOnATerminalWhereTheTitleIsCut) {
  const std::string said = SaidToTerminal(80, [] {
    Progress progress("FCN-16s [lr=0.02, weight_decay=0.0005, seed=1], evaluating", 2000);
    progress.Update(750, "loss 0.6402  lr 0.00197  29.1 images/s");
  });
  if (said.empty()) GTEST_SKIP() << "no pseudo terminal";
  EXPECT_THAT(said, HasSubstr("29.1 images/s\x1b[K"));
}

TEST(Progress, StandsInTheFileOnATerminalToo) {
  const TestFolder folder;
  const std::string path = folder.File("log.txt");
  const std::string said = SaidToTerminal(80, [&path] {
    const LogFile file(path);
    Progress progress("test", 10, 0, 0.0);
    progress.Update(5, "loss 1.5");
    progress.Step(10);
  });
  if (said.empty()) GTEST_SKIP() << "no pseudo terminal";
  const std::string file = ReadFile(path);
  EXPECT_THAT(file, HasSubstr(" test  5/10  50%"));
  EXPECT_THAT(file, HasSubstr("10/10  100%  0s left  loss 1.5\n"));
}

TEST(Progress, DrawsABarOnATerminalAndWipesIt) {
  const std::string said = SaidToTerminal(80, [] {
    Progress progress("test", 10);
    progress.Update(5);
    progress.Update(10);
  });
  if (said.empty()) GTEST_SKIP() << "no pseudo terminal";
  EXPECT_THAT(said, StartsWith("\rtest  [##########..........]  5/10  50%"));
  EXPECT_THAT(said, HasSubstr("[####################]  10/10  100%"));
  EXPECT_THAT(said, testing::EndsWith("\r\x1b[K"));
}

TEST(ProgressText, ShowsWhatIsKnown) {
  EXPECT_EQ(ProgressText("eval", 12, 40, 200, "fcn8s", 0), "eval  12/40  30%  3m 20s left  fcn8s");
  // What does not fit: first the bar goes, then the middle of the title.
  const std::string name = "FCN-16s [lr=0.02, weight_decay=0.0005, seed=1]";
  const std::string line =
      ProgressText(name, 750, 2000, 359, "loss 0.6402  lr 0.00197  29.1 images/s", 79);
  EXPECT_EQ(line,
            "FCN-1…ed=1]  750/2000  37%  5m 59s left  loss 0.6402  lr 0.00197  29.1 images/s");
  EXPECT_EQ(TextWidth(line), 79u);
  EXPECT_EQ(ProgressText("eval", 12, 40, 200, "fcn8s", 79),
            "eval  [######..............]  12/40  30%  3m 20s left  fcn8s");
  EXPECT_EQ(ProgressText("eval", 0, 40, -1, "", 79), "eval  [....................]  0/40  0%");
  EXPECT_EQ(ProgressText("eval", 0, 0, -1, "", 0), "eval  0/0  100%");
}

}  // namespace
}  // namespace seglab
