#include "base/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/host.h"
#include "base/test_error.h"
#include "base/test_folder.h"

namespace seglab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr ClaimPace kQuick = {0.01, 0.2};

/// A claim's file as a process of another machine leaves it.
std::string OfElsewhere(int beat) { return StrCat("elsewhere 0badcafe 12 77 ", beat, "\n"); }

/// Looks again and again, for longer than silence counts as death.
std::unique_ptr<Claim> TryLong(Claims& claims, const std::string& path) {
  for (int look = 0; look < 200; ++look) {
    if (auto claim = claims.Try(path, nullptr)) return claim;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return nullptr;
}

TEST(Claim, OneAtATime) {
  const TestFolder folder;
  const std::string path = folder.File("claim");
  Claims first, second;
  EXPECT_EQ(first.Owner(path), "");
  auto claim = first.Try(path, nullptr);
  ASSERT_NE(claim, nullptr);
  EXPECT_EQ(claim->heir_of(), "");
  EXPECT_EQ(second.Try(path, nullptr), nullptr);
  EXPECT_EQ(second.Owner(path), StrCat("process ", ::getpid(), " on ", HostName()));
  claim.reset();
  EXPECT_THAT(ListFiles(folder.path()), IsEmpty());
  EXPECT_NE(second.Try(path, nullptr), nullptr);
}

TEST(Claim, OfManyWhoTryOneGetsIt) {
  const TestFolder folder;
  std::atomic<int> got{0};
  std::vector<std::unique_ptr<Claim>> claims(16);
  std::vector<std::thread> threads;
  for (auto& claim : claims) {
    threads.emplace_back([&] {
      Claims own;
      claim = own.Try(folder.File("claim"), nullptr);
      if (claim) ++got;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got, 1);
}

TEST(Claim, AProcessOfThisMachineThatDiedIsFollowedAtOnce) {
  const TestFolder folder;
  const std::string path = folder.File("claim");
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    Claims claims;
    const auto held = claims.Try(path, nullptr);
    [[maybe_unused]] const ssize_t written = ::write(ready[1], "x", 1);
    for (;;) ::pause();
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  Claims claims;
  EXPECT_EQ(claims.Try(path, nullptr), nullptr);
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  auto claim = claims.Try(path, nullptr);
  ASSERT_NE(claim, nullptr);
  EXPECT_EQ(claim->heir_of(), StrCat("process ", child, " on ", HostName()));
  EXPECT_THAT(ListFiles(folder.path()), ElementsAre("claim.1", "claim.2"));
  claim.reset();
  EXPECT_THAT(ListFiles(folder.path()), IsEmpty());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(Claim, AnotherMachinesProcessIsDeadWhenItIsSilent) {
  const TestFolder folder;
  const std::string path = folder.File("claim");
  WriteFileAtomically(path + ".3", OfElsewhere(0));
  Claims claims(kQuick);
  for (int beat = 1; beat < 20; ++beat) {
    EXPECT_EQ(claims.Try(path, nullptr), nullptr) << "it beats";
    WriteFileAtomically(path + ".3", OfElsewhere(beat));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(claims.Try(path, nullptr), nullptr);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(claims.Try(path, nullptr), nullptr) << "nobody has looked meanwhile";
  const auto claim = TryLong(claims, path);
  ASSERT_NE(claim, nullptr);
  EXPECT_EQ(claim->heir_of(), "process 12 on elsewhere");
}

TEST(Claim, AFileThatWasNeverWrittenIsOfADeadProcessInTheEnd) {
  const TestFolder folder;
  WriteFileAtomically(folder.File("claim.1"), std::string_view());
  Claims claims(kQuick);
  EXPECT_EQ(claims.Try(folder.File("claim"), nullptr), nullptr);
  EXPECT_EQ(claims.Owner(folder.File("claim")), "another process");
  EXPECT_NE(TryLong(claims, folder.File("claim")), nullptr);
}

TEST(Claim, BeatsAndNoticesThatAnotherTookIt) {
  const TestFolder folder;
  Claims claims(kQuick);
  std::atomic<int> lost{0};
  auto claim = claims.Try(folder.File("claim"), [&] { ++lost; });
  const std::string before = ReadFile(folder.File("claim.1"));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_NE(ReadFile(folder.File("claim.1")), before);
  EXPECT_EQ(lost, 0);
  WriteFileAtomically(folder.File("claim.2"), OfElsewhere(1));
  while (lost == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  claim.reset();
  EXPECT_EQ(lost, 1);
  EXPECT_THAT(ListFiles(folder.path()), ElementsAre("claim.2")) << "that one is not ours";
}

TEST(Claim, AFolderThatCannotBeWrittenIsSaid) {
  Claims claims;
  EXPECT_THAT(ErrorOf([&] { claims.Try("/no/such/folder/claim", nullptr); }),
              HasSubstr("/no/such/folder/claim.1"));
}

TEST(Host, KnowsWhoLives) {
  EXPECT_NE(HostName(), "");
  EXPECT_EQ(ProcessSpace().size(), 8u);
  EXPECT_TRUE(ProcessLives(::getpid()));
  const long long start = StartOfProcess(::getpid());
  EXPECT_TRUE(ProcessLives(::getpid(), start));
  if (start != 0) {
    EXPECT_FALSE(ProcessLives(::getpid(), start + 1)) << "another one of this number";
  }
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(ProcessLives(child));
}

}  // namespace
}  // namespace seglab
