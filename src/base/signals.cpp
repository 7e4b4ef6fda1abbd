#include "base/signals.h"

#include <signal.h>

#include <atomic>

namespace seglab {
namespace {

std::atomic<int> stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch such");

void OnSignal(int signal) {
  int none = 0;
  if (stop_signal.compare_exchange_strong(none, signal)) return;
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
