#include "experiment/resolve.h"
#include "fuzz_text.h"

// An experiment, and behind a line "--" a setting on each line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return seglab::fuzz::TryBytes(
      [](std::string_view bytes) {
        constexpr std::string_view kMark = "\n--\n";
        const size_t mark = bytes.find(kMark);
        std::vector<std::string> settings;
        std::string_view rest = mark == bytes.npos ? "" : bytes.substr(mark + kMark.size());
        while (!rest.empty()) {
          const size_t end = rest.find('\n');
          settings.emplace_back(rest.substr(0, end));
          rest = end == rest.npos ? "" : rest.substr(end + 1);
        }
        seglab::ResolveExperiment(seglab::ParseJson(bytes.substr(0, mark), "fuzz"), "fuzz", "fuzz",
                                  settings, "DIR");
      },
      data, size);
}
