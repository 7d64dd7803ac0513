#include "daemon/control/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

namespace attestrd {

Router control_routes(Questions questions) {
  const auto shared = std::make_shared<const Questions>(std::move(questions));
  const auto with = [&shared](auto handler) {
    return [shared, handler](const ServerRequest& request, Responder respond) {
      handler(*shared, request, std::move(respond));
    };
  };
  return Router({
#define ROUTE(method, path, audience, handler) {method, path, Audience::audience, with(handler)},
#include "daemon/control/routes.def"
  });
}

bool wants_text(const ServerRequest& request) { return request.accept == "text/plain"; }

bool asks_for(const ServerRequest& request, std::string_view word) {
  const std::string_view target = request.target;
  return target.size() > word.size() && target.ends_with(word) &&
         target[target.size() - word.size() - 1] == '?';
}

Result<std::vector<HandshakeId>> read_id_lines(std::string_view body) {
  std::vector<HandshakeId> ids;
  for (std::size_t line = 1; !body.empty(); ++line) {
    if (line > kMostIdLines)
      return fail(Errc::invalid_input, fmt::format("more than {} ids", kMostIdLines));
    const auto end = std::min(body.find('\n'), body.size());
    const auto id = HandshakeId::parse(body.substr(0, end));
    if (!id) return fail(Errc::invalid_input, fmt::format("line {} is not an id", line));
    ids.push_back(*id);
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return ids;
}

/// POST /backup: makes a copy of the queue and sends it. 503 if it can't be made.
void backup_route(const Questions& questions, const ServerRequest&, Responder respond) {
  ServerResponse response;
  response.content_type = "application/vnd.sqlite3";
  response.source = questions.backup();
  respond(std::move(response));
}

}  // namespace attestrd
