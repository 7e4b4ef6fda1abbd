#pragma once

#include <string>

#include "base/files.h"
#include "base/log.h"
#include "base/test_folder.h"

namespace seglab {

/// What is logged while `call` runs.
template <typename Call>
std::string LogOf(const Call& call) {
  const TestFolder folder;
  {
    const LogFile log(folder.File("log.txt"));
    call();
  }
  return ReadFile(folder.File("log.txt"));
}

}  // namespace seglab
