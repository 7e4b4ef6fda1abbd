#include "base/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace seglab {
namespace {

// Each in a process of its own, because a wish to stop cannot be taken back.

TEST(StopDeathTest, NotesTheFirstSignalAndGoesOn) {
  EXPECT_EXIT(
      {
        InstallStopHandlers();
        const int before = StopRequested();
        ::raise(SIGTERM);
        ::_exit(before == 0 && StopRequested() == SIGTERM ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(StopDeathTest, DiesOfTheSecondSignal) {
  EXPECT_EXIT(
      {
        InstallStopHandlers();
        ::raise(SIGTERM);
        ::raise(SIGINT);
        ::_exit(0);
      },
      testing::KilledBySignal(SIGINT), "");
}

TEST(StopDeathTest, TheSameSignalAtOnceIsTheSameWish) {
  EXPECT_EXIT(
      {
        InstallStopHandlers();
        ::raise(SIGTERM);
        ::raise(SIGTERM);
        ::usleep(400'000);
        ::raise(SIGTERM);
        ::_exit(0);
      },
      testing::KilledBySignal(SIGTERM), "");
  EXPECT_EXIT(
      {
        InstallStopHandlers();
        ::raise(SIGTERM);
        ::raise(SIGTERM);
        ::_exit(StopRequested() == SIGTERM ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(StopDeathTest, DoesNotDisturbARunningRead) {
  EXPECT_EXIT(
      {
        InstallStopHandlers();
        int ends[2];
        if (::pipe(ends) != 0) ::_exit(2);
        const pid_t child = ::fork();
        if (child == 0) {
          ::kill(::getppid(), SIGINT);
          const bool sent = ::write(ends[1], "x", 1) == 1;
          ::_exit(sent ? 0 : 1);
        }
        char c = 0;
        const bool ok = ::read(ends[0], &c, 1) == 1 && c == 'x' && StopRequested() == SIGINT;
        ::_exit(ok ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace seglab
