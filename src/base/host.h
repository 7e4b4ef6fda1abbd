#pragma once

#include <string>

namespace seglab {

std::string HostName();

/// Recognises the processes that see each other by their numbers: those of one machine, and there
/// of one container. As hexadecimal digits.
std::string ProcessSpace();

/// What a process is told apart by from a later one of the same number: when it was started, in
/// ticks since the machine was. 0 where that is not known.
long long StartOfProcess(long process);

/// Whether a process of this process space lives. @param start  StartOfProcess, 0: any
bool ProcessLives(long process, long long start = 0);

}  // namespace seglab
