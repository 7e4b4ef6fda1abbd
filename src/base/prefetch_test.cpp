#include "base/prefetch.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include "base/random.h"

namespace seglab {
namespace {

using testing::ThrowsMessage;

/// Passes a little time that differs from item to item, so that the workers overtake each other.
void Dawdle(int64_t i) {
  std::this_thread::sleep_for(std::chrono::microseconds(RandomStream(1, 0, i).Int(300)));
}

std::vector<uint64_t> AllItems(int threads, int ahead) {
  OrderedPrefetch<uint64_t> prefetch(
      [](int64_t i) {
        Dawdle(i);
        return RandomStream(7, 3, i).Next();
      },
      5, 105, threads, ahead);
  std::vector<uint64_t> items;
  while (std::optional<uint64_t> item = prefetch.Next()) items.push_back(*item);
  EXPECT_FALSE(prefetch.Next().has_value()) << "the end stays the end";
  return items;
}

TEST(OrderedPrefetch, GivesTheSameItemsForAnyNumberOfThreads) {
  std::vector<uint64_t> expected;
  for (int64_t i = 5; i < 105; ++i) expected.push_back(RandomStream(7, 3, i).Next());
  for (const int threads : {0, 1, 4, 8}) {
    for (const int ahead : {0, 1, 3}) {
      EXPECT_EQ(AllItems(threads, ahead), expected) << threads << " threads, ahead " << ahead;
    }
  }
}

TEST(OrderedPrefetch, MayBeEmpty) {
  for (const int threads : {0, 2}) {
    OrderedPrefetch<int> prefetch([](int64_t) { return 1; }, 3, 3, threads);
    EXPECT_FALSE(prefetch.Next().has_value());
  }
}

TEST(OrderedPrefetch, MovesItemsThatCannotBeCopied) {
  for (const int threads : {0, 2}) {
    OrderedPrefetch<std::unique_ptr<int64_t>> prefetch(
        [](int64_t i) { return std::make_unique<int64_t>(i); }, 0, 10, threads);
    for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(**prefetch.Next(), i);
  }
}

TEST(OrderedPrefetch, DeliversAnExceptionInItsPlace) {
  for (const int threads : {0, 1, 4, 8}) {
    for (const int64_t bad : {0, 1, 17, 29}) {
      OrderedPrefetch<int64_t> prefetch(
          [bad](int64_t i) {
            // Later items are made long before: they must not come first, nor their errors.
            if (i <= bad) Dawdle(i);
            if (i >= bad) throw std::runtime_error("item " + std::to_string(i));
            return i;
          },
          0, 30, threads);
      for (int64_t i = 0; i < bad; ++i) ASSERT_EQ(prefetch.Next(), i);
      for (int again = 0; again < 2; ++again) {
        EXPECT_THAT([&] { prefetch.Next(); },
                    ThrowsMessage<std::runtime_error>("item " + std::to_string(bad)));
      }
    }
  }
}

TEST(OrderedPrefetch, CanBeLeftEarly) {
  for (const int threads : {0, 1, 4, 8}) {
    for (const int taken : {0, 1, 5}) {
      std::atomic<int> alive{0};
      {
        OrderedPrefetch<std::shared_ptr<int>> prefetch(
            [&alive](int64_t i) {
              Dawdle(i);
              ++alive;
              return std::shared_ptr<int>(new int(0), [&alive](int* p) {
                --alive;
                delete p;
              });
            },
            0, 1'000'000'000, threads);
        for (int i = 0; i < taken; ++i) prefetch.Next();
      }
      EXPECT_EQ(alive, 0) << "workers have ended and their items are gone";
    }
  }
}

TEST(OrderedPrefetch, CanBeLeftAfterAnException) {
  OrderedPrefetch<int> prefetch([](int64_t) -> int { throw std::runtime_error("always"); }, 0, 1000,
                                4);
  EXPECT_THROW(prefetch.Next(), std::runtime_error);
}

TEST(OrderedPrefetch, MakesNoMoreThanAheadItemsUnclaimed) {
  constexpr int kThreads = 4, kItems = 60;
  for (const int ahead : {1, 2, 5, 20}) {
    std::atomic<int64_t> taken{0};
    std::atomic<int64_t> most{0};
    OrderedPrefetch<int64_t> prefetch(
        [&](int64_t i) {
          // Item i may be begun once item i - ahead has been asked for.
          const int64_t unclaimed = i + 1 - taken;
          int64_t seen = most;
          while (seen < unclaimed && !most.compare_exchange_weak(seen, unclaimed)) {
          }
          return i;
        },
        0, kItems, kThreads, ahead);
    for (int64_t i = 0; i < kItems; ++i) {
      // Counted before the call, because Next() itself makes the room.
      ++taken;
      ASSERT_EQ(prefetch.Next(), i);
      if (i % 16 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    EXPECT_LE(most, ahead);
    EXPECT_GE(most, 1);
  }
}

TEST(OrderedPrefetch, WorksAheadOfTheReader) {
  constexpr int kAhead = 6;
  std::atomic<int> made{0};
  OrderedPrefetch<int64_t> prefetch(
      [&made](int64_t i) {
        ++made;
        return i;
      },
      0, 100, 2, kAhead);
  // Without a single Next() the workers fill the room; a broken prefetch would hang here.
  while (made < kAhead) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(made, kAhead);
}

TEST(OrderedPrefetch, PreparesEachWorkerOnce) {
  std::mutex mutex;
  std::set<std::thread::id> prepared;
  int calls = 0;
  std::atomic<bool> unprepared{false};
  {
    OrderedPrefetch<int64_t> prefetch(
        [&](int64_t i) {
          std::lock_guard lock(mutex);
          if (prepared.count(std::this_thread::get_id()) == 0) unprepared = true;
          return i;
        },
        0, 50, 3, 0,
        [&] {
          std::lock_guard lock(mutex);
          prepared.insert(std::this_thread::get_id());
          ++calls;
        });
    while (prefetch.Next()) {
    }
  }
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(prepared.size(), 3u);
  EXPECT_FALSE(unprepared);
}

}  // namespace
}  // namespace seglab
