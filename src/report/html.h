#pragma once

#include <string>
#include <string_view>

#include "data/labels.h"

namespace seglab {

/// The text as it may stand in HTML, between tags and in quoted attributes. Bytes that are no UTF-8
/// become U+FFFD.
std::string EscapeHtml(std::string_view text);

/// "data:image/png;base64,...": a file inside the page.
std::string DataUri(const std::string& type, std::string_view bytes);

/// RFC 4648, with padding.
std::string Base64(std::string_view bytes);

/// A small square in the color of a class, which the page's style makes visible.
std::string Swatch(const Color& color);

}  // namespace seglab
