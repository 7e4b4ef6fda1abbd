#include "base/signals.h"

#include <signal.h>
#include <time.h>

#include <atomic>

namespace seglab {
namespace {

/// Of the same signal: a launcher passes on what all of its processes were told already.
constexpr double kSameWish = 0.3;  // seconds

std::atomic<int> stop_signal{0};
std::atomic<double> stop_time{0};
static_assert(std::atomic<double>::is_always_lock_free, "a signal handler may only touch such");
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch such");

double Now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void OnSignal(int signal) {
  int none = 0;
  const double now = Now();
  if (stop_signal.compare_exchange_strong(none, signal)) {
    stop_time.store(now);
    return;
  }
  if (none == signal && now - stop_time.load() < kSameWish) return;
  // The second wish: die of the signal itself, as the parent process expects, once this returns.
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

void InstallStopHandlers() {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;  // a noted wish must not make a running read or write fail
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int StopRequested() { return stop_signal.load(std::memory_order_relaxed); }

}  // namespace seglab
