#pragma once

#include <string>
#include <vector>

namespace seglab {

/// Prints of each file its SHA-256, whether it is one that its authors published, what it holds,
/// and what is wrong with it: a name that states another hash, a file that cannot be read, weights
/// that are not finite.
/// @param key  as AddKey has it
/// @throws Error behind the last one, where something was wrong
void CheckWeightFiles(const std::vector<std::string>& files, const std::string& key);

/// Prints the published files that are known: name, hash, network, origin.
void ListKnownFiles(bool json);

}  // namespace seglab
