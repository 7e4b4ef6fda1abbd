#include "base/host.h"

#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/files.h"

namespace seglab {

std::string HostName() {
  char host[256] = "";
  ::gethostname(host, sizeof(host) - 1);
  return host;
}

std::string ProcessSpace() {
  char space[64] = "";
  // Where there are no such spaces the name of the machine is all there is.
  if (::readlink("/proc/self/ns/pid", space, sizeof(space) - 1) < 0) space[0] = '\0';
  std::ifstream file("/etc/machine-id");
  std::string machine;
  std::getline(file, machine);
  return HashHex(StrCat(HostName(), " ", machine, " ", space)).substr(0, 8);
}

namespace {

/// What stands behind its number and name, which may hold anything, in /proc: its state first.
std::istringstream StatusOfProcess(long process) {
  std::ifstream file(StrCat("/proc/", process, "/stat"));
  std::string line;
  std::getline(file, line);
  const size_t bracket = line.rfind(')');
  return std::istringstream(bracket == std::string::npos ? "" : line.substr(bracket + 1));
}

/// Dead, and nobody has asked how it ended.
bool IsZombie(long process) {
  std::string state;
  StatusOfProcess(process) >> state;
  return state == "Z";
}

}  // namespace

long long StartOfProcess(long process) {
  constexpr int kBefore = 19;
  std::istringstream words = StatusOfProcess(process);
  std::string word;
  for (int i = 0; i < kBefore; ++i) words >> word;
  long long start = 0;
  words >> start;
  return words ? start : 0;
}

bool ProcessLives(long process, long long start) {
  if (::kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH) return false;
  if (IsZombie(process)) return false;
  if (start == 0) return true;
  const long long now = StartOfProcess(process);
  return now == 0 || now == start;
}

}  // namespace seglab
