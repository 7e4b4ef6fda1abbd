#pragma once

#include <string>

#include "base/json.h"

// Networks and their parts as users name them on a command line.
namespace seglab {

/// A network: a name, JSON, or a file with JSON; a backbone stands for its classifier.
/// @param where  names it in messages: "--model"
/// @return what MakeModel takes, an object
/// @throws Error on a syntax error, or when there is no such network
Json ParseModelSpec(const std::string& text, const std::string& where);

/// The same with the backbone that is named beside it, a name or JSON; "" = none.
/// @throws UsageError where the network names a backbone itself
Json ParseModelSpec(const std::string& text, const std::string& backbone, const std::string& where);

/// A preprocessing, a name or JSON; for Preprocessing::FromJson. @throws Error on a syntax error
Json ParsePreprocessing(const std::string& text, const std::string& where);

}  // namespace seglab
