#include "base/team.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <vector>

namespace seglab {
namespace {

TEST(Team, SharesCoverEverythingOnceInWholeGrains) {
  for (int threads : {1, 2, 3, 7}) {
    for (int64_t n : {0, 1, 5, 64, 1000}) {
      std::vector<int> seen(static_cast<size_t>(n), 0);
      RunTeam(threads, [&](Member& member) {
        const auto [first, last] = member.Share(n, 8);
        EXPECT_TRUE(first == n || first % 8 == 0);
        for (int64_t i = first; i < last; ++i) ++seen[static_cast<size_t>(i)];
      });
      EXPECT_EQ(seen, std::vector<int>(static_cast<size_t>(n), 1)) << threads << " " << n;
    }
  }
}

TEST(Team, WhatWasWrittenBeforeAWaitIsSeenBehindIt) {
  constexpr int kThreads = 4;
  std::vector<int> written(kThreads, 0);
  std::vector<int> sums(kThreads, 0);
  RunTeam(kThreads, [&](Member& member) {
    for (int round = 1; round <= 100; ++round) {
      written[static_cast<size_t>(member.index())] = round;
      member.Wait();
      for (int value : written) sums[static_cast<size_t>(member.index())] += value;
      member.Wait();
    }
  });
  EXPECT_EQ(sums, std::vector<int>(kThreads, kThreads * 5050));
}

// Sanitizers need all addresses; other systems do not mind the limit.
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Team, IsSmallerWhereTheSystemGivesNoMoreThreads) {
  const auto limited = [] {
    const rlimit addresses = {256 << 20, 256 << 20};  // of which a thread takes 8 MB for its stack
    setrlimit(RLIMIT_AS, &addresses);
    std::atomic<int> members{0}, size{0};
    RunTeam(1000, [&](Member& member) {
      ++members;
      member.Wait();
      size = member.size();
    });
    std::exit(members == size && size >= 1 && size < 1000 ? 0 : 1);
  };
  EXPECT_EXIT(limited(), testing::ExitedWithCode(0), "");
}
#endif

TEST(Team, NoThreadsAreOne) {
  int calls = 0;
  RunTeam(0, [&](Member& member) {
    EXPECT_EQ(member.size(), 1);
    ++calls;
  });
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace seglab
