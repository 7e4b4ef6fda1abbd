#include "experiment/library_errors.h"

#include <c10/util/Exception.h>

#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "base/error.h"
#include "data/opencv_error.h"

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

std::optional<std::string> UserErrorText(const std::exception& error) {
  if (dynamic_cast<const Error*>(&error) != nullptr) return error.what();
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
      dynamic_cast<const std::length_error*>(&error) != nullptr) {
    return kOutOfMemory;
  }
  if (const auto* torch = dynamic_cast<const c10::Error*>(&error)) {
    const std::string text = torch->what_without_backtrace();
    if (IsWantOfMemory(text)) return StrCat(kOutOfMemory, " (", text, ")");
    return std::nullopt;
  }
  if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error))
    return FileText(*file);
  if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
    return StrCat("the system refuses: ", system->code().message(),
                  "; take fewer threads, or free memory and try again");
  }
  const std::string text = OpenCvUserError(error);
  return text.empty() ? std::nullopt : std::optional(text);
}

std::string ErrorText(const std::exception& error) {
  if (const std::optional<std::string> text = UserErrorText(error)) return *text;
  const auto* torch = dynamic_cast<const c10::Error*>(&error);
  return std::string("internal error: ") +
         (torch != nullptr ? torch->what_without_backtrace() : error.what());
}

}  // namespace seglab
