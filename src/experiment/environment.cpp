#include "experiment/environment.h"

#include <torch/torch.h>
#include <unistd.h>

#include <ctime>
#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "tensor/runtime.h"

namespace seglab {
namespace {

std::string CpuName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string Today() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::strftime(text, sizeof(text), "%Y-%m-%d", &parts);
  return text;
}

/// The commit of the source tree this program was built from, read from .git without running git.
std::string Revision() {
  try {
    const std::string git = JoinPath(SEGLAB_SOURCE_FOLDER, ".git");
    std::string head = ReadFile(JoinPath(git, "HEAD"));
    head.erase(head.find_last_not_of(" \n") + 1);
    if (head.rfind("ref: ", 0) != 0) return head.substr(0, 12);
    return ReadFile(JoinPath(git, head.substr(5))).substr(0, 12);
  } catch (const Error&) {
    return "unknown";
  }
}

}  // namespace

Json Environment(const c10::Device& device) {
  return {{"seglab", SEGLAB_VERSION}, {"revision", Revision()}, {"libtorch", TorchVersion()},
          {"device", device.str()},   {"cpu", CpuName()},       {"threads", at::get_num_threads()},
          {"compiler", __VERSION__},  {"date", Today()}};
}

}  // namespace seglab
