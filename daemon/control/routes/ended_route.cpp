// POST /ended: names those of the handshakes in the body, one id per line, that have ended. The
// answer has one line for each. The status is 409 if one has ended, 400 if a line is not an id, 503
// if the queue can't be read.
//
// GET /ended?tag=TAG: a part of the list of handshakes that have ended and were submitted with the
// tag, one JSON object per line. The Link field names the next part, if there is one.

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/control/explain.h"
#include "daemon/control/list/list_query.h"
#include "daemon/control/plain_words.h"
#include "daemon/control/routes.h"
#include "json/json_writer.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

/// The state of one request, until the queue has answered for each id.
struct Asking {
  std::vector<std::string> lines;  ///< One for each id; empty: it has not ended.
  std::size_t unanswered = 0;
  std::optional<Error> trouble;
};

std::string line_of(const HandshakeId& id, const ExplainReport::Ended& ended, Wall now,
                    bool as_text) {
  if (!as_text) return explain_json({id, now, ended});
  const auto file = fmt::format("{}/{}", folder_of(ended.outcome), record_name(id));
  return fmt::format("{} has ended: {}, {}; its record went to {}\n", id.view(),
                     name_of(ended.outcome), ago(ended.finished_at, now),
                     ended.diverted_to.empty() ? file : ended.diverted_to);
}

ServerResponse response_to(const Asking& asking, bool as_text) {
  if (asking.trouble) return plain_response(503, asking.trouble->message);
  std::string lines;
  for (const auto& line : asking.lines) lines += line;
  const unsigned status = lines.empty() ? 200 : 409;
  return as_text ? text_response(status, std::move(lines))
                 : json_response(status, std::move(lines));
}

ServerResponse part_of_list(const EndedQuery& query, const std::vector<HandshakeId>& ids) {
  std::string lines;
  for (const auto& id : ids) {
    JsonWriter writer(lines);
    writer.begin_object();
    writer.text("id", id.view());
    writer.end_object();
    lines += '\n';
  }
  auto response = json_response(200, std::move(lines));
  if (ids.size() < query.max_ids) return response;
  response.next = ended_target({query.tag, std::string(ids.back().view())});
  return response;
}

}  // namespace

void ended_list_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  auto query = parse_ended_target(request.target);
  if (!query) return respond(plain_response(400, query.error().message));
  query->max_ids = kMostIdLines;
  questions.look_up_ended(*query,
                          [query = *query, respond](const Result<std::vector<HandshakeId>>& ids) {
                            if (!ids) return respond(plain_response(503, ids.error().message));
                            respond(part_of_list(query, *ids));
                          });
}

void ended_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  const auto ids = read_id_lines(request.body);
  if (!ids) return respond(plain_response(400, ids.error().message));
  const bool as_text = wants_text(request);
  const auto asking = std::make_shared<Asking>();
  asking->lines.resize(ids->size());
  asking->unanswered = ids->size();
  if (ids->empty()) return respond(response_to(*asking, as_text));
  for (std::size_t i = 0; i < ids->size(); ++i) {
    questions.look_up((*ids)[i], [asking, i, id = (*ids)[i], as_text, respond,
                                  now = questions.now](const Result<KnownHandshake>& row) {
      if (!row) {
        asking->trouble = row.error();
      } else if (const auto found = case_of(*row, true);
                 const auto* const ended = std::get_if<ExplainReport::Ended>(&found)) {
        asking->lines[i] = line_of(id, *ended, now().wall, as_text);
      }
      if (--asking->unanswered == 0) respond(response_to(*asking, as_text));
    });
  }
}

}  // namespace attestrd
