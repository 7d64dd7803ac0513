#pragma once

#include <string>
#include <string_view>

namespace attestrd {

/// Returns the text with `&`, `<`, `>` and both quotes as character references, for the content of
/// an element and for the value of an attribute in quotes.
std::string html_escaped(std::string_view text);

}  // namespace attestrd
