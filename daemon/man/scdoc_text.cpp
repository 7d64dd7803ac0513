#include "daemon/man/scdoc_text.h"

namespace attestrd {
namespace {

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

void append_plain(std::string& out, char c) {
  if (std::string_view("\\*_").find(c) != std::string_view::npos) out += '\\';
  out += c == '\n' ? ' ' : c;
}

}  // namespace

std::string scdoc_text(std::string_view markdown) {
  std::string out;
  // Such a character at the start of a line would begin a list, a heading, a table or a comment.
  if (!markdown.empty() && std::string_view("-#.|[];+!").find(markdown[0]) != markdown.npos)
    out += '\\';
  for (const char c : markdown) {
    if (c == '`')
      out += '*';
    else
      append_plain(out, c);
  }
  return out;
}

std::string scdoc_sentence(std::string_view markdown) {
  std::string sentence(markdown);
  if (sentence.empty()) return sentence;
  if (sentence[0] >= 'a' && sentence[0] <= 'z')
    sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
  if (!sentence.ends_with('.')) sentence += '.';
  return scdoc_text(sentence);
}

std::string scdoc_placeholders(std::string_view form) {
  std::string out;
  bool is_underlined = false;
  for (const char c : form) {
    if (is_capital(c) != is_underlined) out += '_';
    is_underlined = is_capital(c);
    append_plain(out, c);
  }
  if (is_underlined) out += '_';
  return out;
}

}  // namespace attestrd
