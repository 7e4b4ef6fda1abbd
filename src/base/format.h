#pragma once

#include <cstdint>
#include <string>

// Numbers as people read them. What is not finite reads "-" where a row or a line may lack a value.
namespace seglab {

/// "3.14" of 3.14159 and 2 digits behind the point.
std::string Fixed(double value, int digits);

/// At most so many significant figures, without zeros at the end: "0.25", "1.235e+06" of 1234567
/// and 4 figures.
std::string Significant(double value, int figures);

/// The text with blanks before, or behind, up to so many columns; one for each character of UTF-8.
std::string PadLeft(const std::string& text, size_t width);
std::string PadRight(const std::string& text, size_t width);
size_t TextWidth(const std::string& text);

/// At most so many characters of UTF-8, of a longer text its two ends: "a ve… run".
std::string CutMiddle(const std::string& text, size_t width);

/// One decimal: "62.4". @param percent  62.449, not 0.62449; "-" when it is not finite
std::string FormatPercent(double percent);

/// One decimal: "512", "20.1 k", "134.5 M", "1.2 G".
std::string FormatCount(int64_t count);

/// Three figures: "512", "20.1 k", "4.09 G", "1.50 T".
std::string FormatThreeFigures(int64_t count);

/// "134,346,581".
std::string FormatGrouped(int64_t count);

/// Three figures: "512 B", "1.50 MB"; a kB is 1000 B.
std::string FormatBytes(int64_t bytes);

/// "1h 02m", "3m 20s", "12s"; "0s" below zero, "-" when it is not finite.
std::string FormatDuration(double seconds);

}  // namespace seglab
