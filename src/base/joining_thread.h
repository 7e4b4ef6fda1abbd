#pragma once

#include <thread>
#include <utility>

namespace seglab {

/// A thread that its destructor waits for: std::jthread, which not every C++ library has.
class JoiningThread {
 public:
  template <typename Function>
  explicit JoiningThread(Function&& function) : thread_(std::forward<Function>(function)) {}
  JoiningThread(JoiningThread&&) = default;
  JoiningThread& operator=(JoiningThread&&) = delete;
  ~JoiningThread() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace seglab
