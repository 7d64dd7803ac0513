#include "daemon/control/line_answers.h"

#include <fmt/format.h>

namespace attestrd {

void LineAnswers::add(const HandshakeId& id, std::string_view name, std::string_view words,
                      bool is_good) {
  lines_ += as_text_ ? fmt::format("{} {}.\n", id.view(), words)
                     : fmt::format("{{\"id\":\"{}\",\"{}\":\"{}\"}}\n", id.view(), verb_, name);
  are_good_ &= is_good;
}

ServerResponse LineAnswers::response() const {
  const unsigned status = are_good_ ? 200 : 409;
  return as_text_ ? text_response(status, lines_) : json_response(status, lines_);
}

}  // namespace attestrd
