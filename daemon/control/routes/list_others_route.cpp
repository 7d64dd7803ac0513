// GET /list/others: a part of the list of what other nodes of a fleet have, which follows the last
// part of GET /list. The Link field names the next part, if there is one. A part looks at a bounded
// number of rows. 400 when the query is wrong, 503 when the database can't be read.

#include <string>
#include <utility>

#include "daemon/control/list/others_query.h"
#include "daemon/control/list/stored_rows.h"
#include "daemon/control/routes.h"

namespace attestrd {
namespace {

constexpr std::size_t kRowsPerPart = 2048;

ServerResponse part_of(const RowsPage& page, const ListFilter& filter, Wall now) {
  std::string lines;
  for (const auto& [row, node] : page.rows)
    if (matches(filter, row, now)) lines += stored_line(row, node, now);
  auto response = json_response(200, std::move(lines));
  if (page.next) response.next = others_target({*page.next, filter});
  return response;
}

}  // namespace

void list_others_route(const Questions& questions, const ServerRequest& request,
                       Responder respond) {
  const auto query = parse_others_target(request.target);
  if (!query) return respond(plain_response(400, query.error().message));
  if (!questions.fleet || !may_match_stored(query->filter)) return respond(json_response(200, ""));
  RowsQuery rows;
  rows.after = query->after;
  rows.max_rows = kRowsPerPart;
  rows.tag = query->filter.tag;
  questions.fleet->list_others(
      std::move(rows), [filter = query->filter, now = questions.now().wall,
                        respond = std::move(respond)](const Result<RowsPage>& page) {
        respond(page ? part_of(*page, filter, now) : plain_response(503, page.error().message));
      });
}

}  // namespace attestrd
