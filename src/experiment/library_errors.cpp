#include "library_errors.h"

#include <c10/util/Exception.h>

#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "base/error.h"
#include "data/opencv_error.h"
#include "outcome.h"

namespace seglab {
namespace {

constexpr char kOutOfMemory[] = "out of memory; take a smaller batch or smaller images";

/// LibTorch's words for it on GPUs, on CPUs, and for sizes beyond all memories.
bool IsWantOfMemory(const std::string& text) {
  for (const char* words :
       {"out of memory", "t allocate memory", "not enough memory",
        "Storage size calculation overflowed", "integer multiplication overflow"}) {
    if (text.find(words) != std::string::npos) return true;
  }
  return false;
}

/// "DIR/file: Too many levels of symbolic links; ..."
std::string FileText(const std::filesystem::filesystem_error& error) {
  const std::string path = error.path1().string();
  return StrCat(path.empty() ? "a file" : path, ": ", error.code().message(),
                "; give another path");
}

}  // namespace

int ComplainOf(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
      dynamic_cast<const std::length_error*>(&error) != nullptr) {
    return Complain(kOutOfMemory, kUserError);
  }
  if (const auto* torch = dynamic_cast<const c10::Error*>(&error)) {
    const std::string text = torch->what_without_backtrace();
    if (IsWantOfMemory(text)) return Complain(StrCat(kOutOfMemory, " (", text, ")"), kUserError);
    return Complain("internal error: " + text, kOurBug);
  }
  if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error))
    return Complain(FileText(*file), kUserError);
  if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
    return Complain(StrCat("the system refuses: ", system->code().message(),
                           "; take fewer threads, or free memory and try again"),
                    kUserError);
  }
  const std::string text = OpenCvUserError(error);
  if (!text.empty()) return Complain(text, kUserError);
  return Complain(std::string("internal error: ") + error.what(), kOurBug);
}

}  // namespace seglab
