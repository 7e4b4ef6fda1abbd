#pragma once

#include <string>

// How the program ends: what a user can mend is exit 1 and one line, whoever threw it.
namespace seglab {

inline constexpr int kUserError = 1, kUsage = 2, kOurBug = 70;

/// Prints an error as one line, whatever its text is made of: names from files may hold escape
/// sequences. @return status
int Complain(const std::string& text, int status);

/// Sees to it that files that are opened do not become stdin, stdout or stderr where these are
/// closed. Before anything else is opened.
void HoldStandardStreams();

/// Writes out what was printed. @return status, or 1 with a complaint where it was 0 and stdout is
/// full or closed
int FinishOutput(int status);

}  // namespace seglab
