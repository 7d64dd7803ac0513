#pragma once

#include <string>
#include <string_view>

namespace attestrd {

/// Returns a text of one of the tables, in Markdown, as one line of scdoc: what is in backquotes
/// becomes bold, and all other characters stand for themselves.
std::string scdoc_text(std::string_view markdown);

/// The same, as a sentence: it begins with a capital letter unless it begins with a name in
/// backquotes, and ends with a full stop.
std::string scdoc_sentence(std::string_view markdown);

/// Returns the form of an operand or of a value, such as `ID...|-`, with each word in capitals
/// underlined.
std::string scdoc_placeholders(std::string_view form);

}  // namespace attestrd
