#include "daemon/control/line_answers.h"

#include <fmt/format.h>

#include "json/json_writer.h"

namespace attestrd {

void LineAnswers::add(const HandshakeId& id, std::string_view name, std::string_view words,
                      bool is_good, std::string_view node) {
  are_good_ &= is_good;
  if (as_text_) {
    const auto where = node.empty() ? "" : fmt::format(", on the node {},", node);
    lines_ += fmt::format("{}{} {}.\n", id.view(), where, words);
    return;
  }
  JsonWriter writer(lines_);
  writer.begin_object();
  writer.text("id", id.view());
  writer.text(verb_, name);
  if (!node.empty()) writer.text("node", node);
  writer.end_object();
  lines_ += '\n';
}

ServerResponse LineAnswers::response() const {
  const unsigned status = are_good_ ? 200 : 409;
  return as_text_ ? text_response(status, lines_) : json_response(status, lines_);
}

}  // namespace attestrd
