#include "processes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "outcome.h"
#include "worker.h"

namespace seglab {
namespace {

constexpr double kPatience = 10;  ///< seconds between asking and forcing

volatile std::sig_atomic_t told = 0, times_told = 0;

void Note(int signal) {
  told = signal;
  times_told = times_told + 1;
}

/// A port of this machine that nothing listens at.
int FreePort() {
  const int file = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool found = file >= 0 &&
                     ::bind(file, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                     ::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  const int port = found ? ntohs(address.sin_port) : 29500;
  if (file >= 0) ::close(file);
  return port;
}

void Set(const char* name, int value) { ::setenv(name, std::to_string(value).c_str(), 1); }

/// Starts the program in a new process. @param prepare  sets its environment. @return it, or -1
template <typename Prepare>
pid_t Start(const std::string& program, char** argv, const Prepare& prepare) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  // A terminal's signals come to us alone, and are passed on: a second one would end it at once.
  ::setpgid(0, 0);
#ifdef __linux__
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
  prepare();
  ::execv(program.c_str(), argv);
  const std::string text = StrCat(program, ": cannot be started, ", std::strerror(errno));
  ::_exit(Complain(text, kUserError));
}

/// Starts it `count` times. @param prepare  is given 0 ... count - 1. @return {} where that fails
template <typename Prepare>
std::vector<pid_t> StartAll(const std::string& program, char** argv, int count,
                            const Prepare& prepare) {
  std::vector<pid_t> processes;
  for (int number = 0; number < count; ++number) {
    const pid_t process = Start(program, argv, [&] { prepare(number); });
    if (process < 0) {
      const std::string reason = std::strerror(errno);
      for (pid_t other : processes) ::kill(other, SIGTERM);
      Complain("a process cannot be started, " + reason, kUserError);
      return {};
    }
    processes.push_back(process);
  }
  return processes;
}

void CatchSignals() {
  struct sigaction action {};
  action.sa_handler = Note;
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);  // as nohup has it
  }
}

constexpr double kPatienceOfStopped = 60;  ///< seconds in which all have saved what they have

int StatusOf(int waited) {
  return WIFSIGNALED(waited) ? 128 + WTERMSIG(waited) : WEXITSTATUS(waited);
}

/// Processes that are waited for.
class Processes {
 public:
  /// @param one_job  they wait for each other
  explicit Processes(std::vector<pid_t> processes, bool one_job = false)
      : processes_(std::move(processes)), one_job_(one_job) {}

  /// Waits until all have ended. Signals to this process are passed on, as often as they come: a
  /// process saves what it has at the first and ends at once at the second.
  /// @param ended  called for each with its number, status and whether a signal ended it; true: the
  ///               others are to end too, by force where they do not soon
  template <typename Ended>
  void Wait(const Ended& ended) {
    std::sig_atomic_t passed_on = 0;
    double forced = 0;  // when, where that is so
    while (alive_ > 0) {
      if (passed_on < times_told) {
        passed_on = times_told;
        Tell(told);
      }
      if (forced > 0 && Seconds() > forced) Tell(SIGKILL);
      int waited = 0;
      const pid_t process = ::waitpid(-1, &waited, WNOHANG);
      if (process < 0 && errno != EINTR) return;
      if (process <= 0) {
        const timespec pause = {0, 20'000'000};
        ::nanosleep(&pause, nullptr);
        continue;
      }
      for (size_t number = 0; number < processes_.size(); ++number) {
        if (processes_[number] != process) continue;
        processes_[number] = 0;
        --alive_;
        const int status = StatusOf(waited);
        const bool others = ended(number, status, WIFSIGNALED(waited));
        if (forced > 0) continue;
        // The others of a job may wait for it.
        if (told != 0 && status != 0 && one_job_) forced = Seconds() + kPatienceOfStopped;
        if (!others) continue;
        forced = Seconds() + kPatience;
        Tell(SIGTERM);
      }
    }
  }

 private:
  void Tell(int signal) const {
    for (pid_t process : processes_) {
      if (process > 0) ::kill(process, signal);
    }
  }

  std::vector<pid_t> processes_;
  bool one_job_;
  size_t alive_ = processes_.size();
};

/// One process of the program as a worker. @return its status
int RunAs(const char* worker, const std::string& program, char** argv) {
  const std::vector<pid_t> process =
      StartAll(program, argv, 1, [&](int) { ::setenv(kWorkerVariable, worker, 1); });
  int status = process.empty() ? kUserError : 0;
  Processes(process).Wait([&status](size_t, int ended, bool) {
    status = ended;
    return false;
  });
  return status;
}

}  // namespace

std::optional<int> CountBehind(const std::string& option, int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    const std::string_view word = argv[i];
    std::string text;
    if (word == option && i + 1 < argc) {
      text = argv[i + 1];
    } else if (word.starts_with(option + "=")) {
      text = word.substr(option.size() + 1);
    } else if (word != option) {
      continue;
    }
    char* end = nullptr;
    const long count = std::strtol(text.c_str(), &end, 10);
    if (text.empty() || *end != '\0' || count < 1 || count > 1024)
      throw std::invalid_argument(
          StrCat(option, ": must be 1 to 1024 processes, found \"", text, "\""));
    return static_cast<int>(count);
  }
  return std::nullopt;
}

bool Stands(const std::string& word, int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    if (argv[i] == word) return true;
  }
  return false;
}

int SuperviseJob(const std::string& program, char** argv, int count) {
  CatchSignals();
  const int port = FreePort();
  const std::vector<pid_t> processes = StartAll(program, argv, count, [&](int rank) {
    Set("RANK", rank);
    Set("LOCAL_RANK", rank);
    Set("WORLD_SIZE", count);
    Set("LOCAL_WORLD_SIZE", count);
    ::setenv("MASTER_ADDR", "127.0.0.1", 1);
    Set("MASTER_PORT", port);
  });
  if (processes.empty()) return kUserError;
  int status = 0;
  Processes(processes, /*one_job=*/true).Wait([&](size_t rank, int ended, bool killed) {
    if (ended == 0 || status != 0) return false;
    status = ended;
    if (told != 0) return false;  // the others end too, each when it has saved
    // What went wrong in a process it has said itself; of one that was killed nobody has.
    if (killed) {
      Complain(StrCat("process ", rank, " of ", count, " was ended by signal ", ended - 128,
                      "; the others are ended too; what was saved is kept, the same command goes "
                      "on from there, with any number of processes"),
               ended);
    }
    return true;
  });
  return status != 0 && told != 0 ? 128 + told : status;
}

int SuperviseWorkers(const std::string& program, char** argv, int count) {
  CatchSignals();
  if (const int status = RunAs("checks", program, argv)) return status;
  if (told != 0) return 128 + told;
  const std::vector<pid_t> processes = StartAll(program, argv, count, [&](int number) {
    ::setenv(kWorkerVariable, StrCat(number + 1, "/", count).c_str(), 1);
  });
  if (processes.empty()) return kUserError;
  int status = -1;  // 0 when one has come to the end
  Processes(processes).Wait([&](size_t number, int ended, bool killed) {
    if (status != 0) status = ended;
    if (killed && told == 0) {
      std::fprintf(stderr,
                   "warning: worker %zu of %d was ended by signal %d; the others go on with its "
                   "run\n",
                   number + 1, count, ended - 128);
    }
    return false;
  });
  if (told != 0) return 128 + told;
  const int of_report = RunAs("report", program, argv);
  return of_report != 0 ? of_report : std::max(status, 0);
}

}  // namespace seglab
