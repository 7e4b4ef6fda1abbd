#pragma once

#include <exception>
#include <optional>
#include <string>

namespace seglab {

/// What an exception means to the user, whoever threw it, as one line; nothing where it can only be
/// a bug of ours.
std::optional<std::string> UserErrorText(const std::exception& error);

/// The same; of a bug what it says, as such.
std::string ErrorText(const std::exception& error);

}  // namespace seglab
