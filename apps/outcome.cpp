#include "outcome.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "base/format.h"
#include "base/log.h"

namespace seglab {

int Complain(const std::string& text, int status) {
  std::string line = text;
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  Log::Get().Transient("");
  std::fprintf(stderr, "seglab: error: %s\n", line.c_str());
  return status;
}

void HoldStandardStreams() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) != -1) continue;
    // The lowest number that is free is this one. What is printed fails, as on a closed stream.
    if (::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd) return;
  }
}

int FinishOutput(int status) {
  errno = 0;
  std::cout.flush();
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
  if (written || status != 0) return status;
  return Complain(
      StrCat("stdout: cannot be written to", errno == 0 ? "" : StrCat(", ", std::strerror(errno)),
             "; what was printed is lost, send it elsewhere"),
      kUserError);
}

}  // namespace seglab
