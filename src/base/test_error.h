#pragma once

#include <string>

#include "base/error.h"

namespace seglab {

/// The text of the Error that `call` throws; "" when it throws none.
template <typename Call>
std::string ErrorOf(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace seglab
