#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace seglab {

/// Text made of anything that streams: StrCat("at ", 3, " of ", 4).
template <typename... Parts>
std::string StrCat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// The one exception for whatever the user can mend. Its text reads
/// "where: what is wrong, what was found, what to do" and stands on one line.
/// Errors of our own making are asserted or thrown as std::logic_error.
class Error : public std::runtime_error {
 public:
  template <typename... Parts>
  explicit Error(const Parts&... parts) : std::runtime_error(StrCat(parts...)) {}
};

/// A wrong call of the command line (unknown sub-command, missing option): exit status 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// A clean stop that a signal asked for; everything done so far is saved.
class Stopped : public std::runtime_error {
 public:
  Stopped(int signal, const std::string& what) : std::runtime_error(what), signal_(signal) {}
  /// The signal's number; the process exits with 128 + signal.
  int signal() const { return signal_; }

 private:
  int signal_;
};

}  // namespace seglab
