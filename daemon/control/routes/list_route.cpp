// GET /list: a part of the list of pending handshakes, one JSON object per line. The Link field
// names the next part, if there is one; in a fleet the parts of GET /list/others come last. Each
// part is short, and the engine looks at a bounded number of handshakes at a time: a list of any
// length neither fills the memory nor holds the event loop. 400 when the query is wrong.

#include <memory>
#include <string>
#include <utility>

#include "daemon/control/explain.h"
#include "daemon/control/list/list_query.h"
#include "daemon/control/list/others_query.h"
#include "daemon/control/list/stored_rows.h"
#include "daemon/control/routes.h"
#include "daemon/control/status_report.h"

namespace attestrd {
namespace {

constexpr std::size_t kPartBytes = std::size_t{256} << 10;  ///< A part ends above this size.
constexpr int kMostPages = 64;                              ///< Of the engine, in one part.

/// The state of one request. The callbacks that wait for the engine share it.
class Listing : public std::enable_shared_from_this<Listing> {
 public:
  Listing(const Questions& questions, ListCommand command, Responder respond)
      : questions_(questions), command_(std::move(command)), respond_(std::move(respond)) {
    if (questions.fleet) node_.name = questions.fleet->node;
  }

  void begin() {
    questions_.ask_engine(ReportCommand{}, [self = shared_from_this()](const EngineAnswer& answer) {
      self->report_ = std::get<EngineReport>(answer);
      self->ask_for_page();
    });
  }

 private:
  void ask_for_page() {
    questions_.ask_engine(command_, [self = shared_from_this()](const EngineAnswer& answer) {
      self->take(std::get<ListPage>(answer));
    });
  }

  void take(const ListPage& page) {
    const Now now = questions_.now();
    const auto daemon = daemon_status(report_, questions_.facts(), now);
    for (const ListedHandshake& row : page.rows)
      lines_ += list_json({row.id, now.wall, ExplainReport::Waiting{row.why, daemon}, node_},
                          name_of(row.state));
    if (page.next) command_.from = *page.next;
    if (page.next && lines_.size() < kPartBytes && ++pages_ < kMostPages) return ask_for_page();
    auto response = json_response(200, std::move(lines_));
    if (page.next)
      response.next = list_target(command_);
    else if (questions_.fleet && may_match_stored(command_.filter))
      response.next = others_target({{}, command_.filter});
    respond_(std::move(response));
  }

  Questions questions_;
  ListCommand command_;
  Responder respond_;
  RowNode node_{.is_alive = true};  ///< This one; without a name: there is no fleet.
  EngineReport report_;
  std::string lines_;
  int pages_ = 0;
};

}  // namespace

void list_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  const auto command = parse_list_target(request.target);
  if (!command) return respond(plain_response(400, command.error().message));
  std::make_shared<Listing>(questions, *command, std::move(respond))->begin();
}

}  // namespace attestrd
