// POST /backup: makes a copy of the queue and sends it. 503 if it can't be made.

#include "daemon/control/routes.h"

namespace attestrd {

void backup_route(const Questions& questions, const ServerRequest&, Responder respond) {
  ServerResponse response;
  response.content_type = "application/vnd.sqlite3";
  response.source = questions.backup();
  respond(std::move(response));
}

}  // namespace attestrd
