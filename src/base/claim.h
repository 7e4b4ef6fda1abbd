#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/joining_thread.h"

namespace seglab {

/// How claims show that their process lives, in seconds.
struct ClaimPace {
  double beat = 5;      ///< between two signs of life
  double silence = 60;  ///< without one, after which a process of another machine is taken for dead
};

/// A piece of work that one of several processes, of any number of machines with one folder, does.
/// Who creates the file `<path>.1` has it and keeps writing a count into it as a sign of life. The
/// work of a process that is dead goes to whoever creates `<path>.2`, and so on: creating a file
/// that must not be there yet succeeds once, also on network file systems that know no locks. No
/// clocks are compared: of another machine's process the silence is what this one has waited for.
class Claim {
 public:
  /// @param owner  that the file says, e.g. "process 12 on host"
  ~Claim();
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  /// The dead process whose work this is now, or "".
  const std::string& heir_of() const { return heir_of_; }

 private:
  friend class Claims;
  struct Beat;

  Claim(std::string path, long generation, std::string heir_of, const ClaimPace& pace,
        std::function<void()> lost);

  std::string path_;
  long generation_;
  std::string heir_of_;
  std::unique_ptr<Beat> beat_;
};

/// The claims that a process makes, and what it has seen of those of others.
class Claims {
 public:
  explicit Claims(const ClaimPace& pace = {}) : pace_(pace) {}

  /// @param path  of the claim, without its number, in a folder that is there
  /// @param lost  called once, by another thread, where a process of another machine has taken the
  ///              claim, as when this one was held up for long
  /// @return null where a living process has it, or one that may live still
  /// @throws Error where the file cannot be made
  std::unique_ptr<Claim> Try(const std::string& path, std::function<void()> lost);

  /// Who has it, "process 12 on host", as far as is known; "" where nobody has.
  std::string Owner(const std::string& path) const;

 private:
  struct Seen {
    std::string content;
    double since = 0;    ///< when it was last looked at
    double silence = 0;  ///< seconds
  };
  bool IsDead(const std::string& file, const std::string& content);

  ClaimPace pace_;
  std::map<std::string, Seen> seen_;
};

}  // namespace seglab
