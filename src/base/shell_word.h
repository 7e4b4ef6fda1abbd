#pragma once

#include <string>
#include <vector>

namespace seglab {

/// A word as a POSIX shell takes it: in quotes where it would read something else.
std::string ShellWord(const std::string& word);
/// Parted by blanks.
std::string ShellWords(const std::vector<std::string>& words);

}  // namespace seglab
