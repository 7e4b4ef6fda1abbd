#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace seglab {

/// The candidate with the smallest edit distance to `name` (upper and lower case count as equal),
/// or
/// "" when none is near (distance above a third of the longer one's length).
std::string NearestName(std::string_view name, const std::vector<std::string>& candidates);

/// "unknown <kind> "<name>"; did you mean "<nearest>"? Known: a, b, c" - the text of every look-up
/// that fails. The question is left out when no candidate is near.
std::string UnknownName(std::string_view kind, std::string_view name,
                        const std::vector<std::string>& candidates);

/// "a, b, c".
std::string Join(const std::vector<std::string>& parts, std::string_view separator = ", ");

}  // namespace seglab
