#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace seglab {

/// Makes items first, first+1, ..., last-1 on `threads` worker threads and hands them out in order.
/// What comes out does not depend on the number of threads: `make(i)` must be a pure function of i
/// and safe to call from several threads. With 0 threads items are made inside Next().
/// An exception of item i is rethrown by the Next() that would have returned item i, exactly after
/// the items before it; later calls rethrow it again. At most `ahead` items wait unclaimed.
template <typename Item>
class OrderedPrefetch {
 public:
  using Maker = std::function<Item(int64_t)>;

  /// @param ahead  0: twice the number of threads
  /// @param on_thread_start  called once in each worker, e.g. to limit a library's own threads;
  /// must
  ///                         not throw
  OrderedPrefetch(Maker make, int64_t first, int64_t last, int threads, int ahead = 0,
                  std::function<void()> on_thread_start = {})
      : make_(std::move(make)),
        next_out_(first),
        next_in_(first),
        last_(last),
        ahead_(std::max<int64_t>(ahead > 0 ? ahead : 2 * threads, 1)) {
    workers_.reserve(static_cast<size_t>(std::max(threads, 0)));
    try {
      for (int i = 0; i < threads; ++i) {
        workers_.emplace_back([this, on_thread_start] {
          if (on_thread_start) on_thread_start();
          Work();
        });
      }
    } catch (...) {
      Stop();
      throw;
    }
  }

  ~OrderedPrefetch() { Stop(); }
  OrderedPrefetch(const OrderedPrefetch&) = delete;
  OrderedPrefetch& operator=(const OrderedPrefetch&) = delete;

  /// The next item in order; std::nullopt after the last one.
  std::optional<Item> Next() {
    if (workers_.empty()) {
      if (next_out_ >= last_) return std::nullopt;
      Item item = make_(next_out_);
      ++next_out_;
      return item;
    }
    std::unique_lock lock(mutex_);
    if (next_out_ >= last_) return std::nullopt;
    ready_.wait(lock, [this] { return done_.count(next_out_) != 0; });
    auto found = done_.find(next_out_);
    if (found->second.error) std::rethrow_exception(found->second.error);
    std::optional<Item> item(std::in_place, std::move(*found->second.item));
    done_.erase(found);
    ++next_out_;
    room_.notify_all();
    return item;
  }

 private:
  struct Slot {
    std::optional<Item> item;
    std::exception_ptr error;
  };

  void Work() {
    for (;;) {
      int64_t index;
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock,
                   [this] { return stop_ || next_in_ >= last_ || next_in_ < next_out_ + ahead_; });
        if (stop_ || next_in_ >= last_) return;
        index = next_in_++;
      }
      Slot slot;
      try {
        slot.item.emplace(make_(index));
      } catch (...) {
        slot.error = std::current_exception();
      }
      std::lock_guard lock(mutex_);
      done_.emplace(index, std::move(slot));
      ready_.notify_all();
    }
  }

  void Stop() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    room_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  Maker make_;
  std::mutex mutex_;
  std::condition_variable ready_;  // an item was finished
  std::condition_variable room_;   // an item was taken
  std::map<int64_t, Slot> done_;
  int64_t next_out_;
  int64_t next_in_;
  int64_t last_;
  int64_t ahead_;
  bool stop_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace seglab
