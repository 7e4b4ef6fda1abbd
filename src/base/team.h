#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "base/joining_thread.h"

namespace seglab {

/// Where threads wait for one another. They do not sleep: steps are short, and waking takes longer
/// than many of them.
class SpinBarrier {
 public:
  explicit SpinBarrier(int threads) : threads_(threads), missing_(threads) {}

  void Wait() {
    if (threads_ == 1) return;
    const unsigned round = round_.load(std::memory_order_relaxed);
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      missing_.store(threads_, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      return;
    }
    // More threads than cores must not wait for one that waits for them.
    constexpr int kPatience = 4000;
    for (int tries = 0; round_.load(std::memory_order_acquire) == round; ++tries) {
      if (tries > kPatience) std::this_thread::yield();
    }
  }

 private:
  const int threads_;
  std::atomic<int> missing_;
  std::atomic<unsigned> round_{0};
};

/// One of several threads that do the same work on different parts of it, in step.
class Member {
 public:
  Member(int index, int size, SpinBarrier& barrier)
      : index_(index), size_(size), barrier_(barrier) {}

  int index() const { return index_; }
  int size() const { return size_; }

  /// Waits until every member has come here; what they wrote before is seen behind it.
  void Wait() { barrier_.Wait(); }

  struct Range {
    int64_t first, last;
  };
  /// This member's part of 0 ... n - 1, in whole multiples of `grain`.
  Range Share(int64_t n, int64_t grain = 1) const {
    const int64_t grains = (n + grain - 1) / grain;
    return {std::min(n, grains * index_ / size_ * grain),
            std::min(n, grains * (index_ + 1) / size_ * grain)};
  }

 private:
  int index_;
  int size_;
  SpinBarrier& barrier_;
};

/// Calls work(member) on `threads` threads at once, one of them the caller's, and waits for all;
/// on fewer where the system gives no more: none begins before it is known how many they are.
/// @param work  must not throw
inline void RunTeam(int threads, const std::function<void(Member&)>& work) {
  std::optional<SpinBarrier> barrier;
  std::atomic<int> size{0};
  std::vector<JoiningThread> others;
  others.reserve(static_cast<size_t>(std::max(threads, 1)));
  try {
    while (static_cast<int>(others.size()) + 1 < threads) {
      const int index = static_cast<int>(others.size()) + 1;
      others.emplace_back([index, &size, &barrier, &work] {
        size.wait(0);
        Member member(index, size, *barrier);
        work(member);
      });
    }
  } catch (const std::system_error&) {
    // The caller and those that are there do it.
  }
  barrier.emplace(static_cast<int>(others.size()) + 1);
  size = static_cast<int>(others.size()) + 1;
  size.notify_all();
  Member caller(0, size, *barrier);
  work(caller);
}

}  // namespace seglab
