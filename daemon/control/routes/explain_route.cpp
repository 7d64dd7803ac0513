// GET /explain/ID: answers from the engine, or from the queue if the engine does not have the
// handshake. 404 when neither knows the id, 503 when the queue can't be read.

#include <utility>
#include <vector>

#include "daemon/control/explain.h"
#include "daemon/control/routes.h"
#include "daemon/control/status_report.h"

namespace attestrd {
namespace {

/// The state of one request about one handshake.
struct Explaining {
  Questions questions;
  HandshakeId id;
  bool as_text;
  Responder respond;

  /// Answers for a handshake of this daemon.
  void answer(ExplainReport::Case found) const {
    answer({id, questions.now().wall, std::move(found), own_node()});
  }

  RowNode own_node() const {
    return {.name = questions.fleet ? questions.fleet->node : "", .is_alive = true};
  }

  void answer(const ExplainReport& report) const {
    const unsigned status = report.is_known() ? 200 : 404;
    respond(as_text ? text_response(status, explain_text(report))
                    : json_response(status, explain_json(report)));
  }

  /// Asks the engine, and calls `otherwise` if it does not have the handshake.
  void ask_engine(std::function<void()> otherwise) const {
    const auto self = *this;
    questions.ask_engine(ExplainCommand{id}, [self, otherwise = std::move(otherwise)](
                                                 const EngineAnswer& answer) {
      const auto& why = std::get<std::optional<Explanation>>(answer);
      if (!why) return otherwise();
      self.questions.ask_engine(ReportCommand{}, [self, why = *why](const EngineAnswer& report) {
        const Now now = self.questions.now();
        const auto all = daemon_status(std::get<EngineReport>(report), self.questions.facts(), now);
        self.answer(ExplainReport::Waiting{why, all});
      });
    });
  }

  /// Asks the database which node has the handshake.
  void ask_fleet() const {
    const auto self = *this;
    questions.fleet->locate({id}, [self](const Result<std::vector<LocatedHandshake>>& rows) {
      if (!rows) return self.respond(plain_response(503, rows.error().message));
      const auto& row = rows->front();
      const auto found = case_of(row.known, true);
      const bool is_here = row.node.name == self.questions.fleet->node;
      const auto answer = [self, found, node = row.node, is_here] {
        self.answer({self.id, self.questions.now().wall, found, node, !is_here});
      };
      if (!is_here || !std::holds_alternative<ExplainReport::Queued>(found)) return answer();
      self.ask_engine(answer);
    });
  }

  void ask_queue() const {
    if (questions.fleet) return ask_fleet();
    const auto self = *this;
    questions.look_up(id, [self](const Result<KnownHandshake>& row) {
      if (!row) return self.respond(plain_response(503, row.error().message));
      const auto found = case_of(*row, true);
      if (!std::holds_alternative<ExplainReport::Queued>(found)) return self.answer(found);
      // The engine may have adopted it in the meantime.
      self.ask_engine([self, found] { self.answer(found); });
    });
  }
};

}  // namespace

void explain_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  const auto id = HandshakeId::parse(request.parameter);
  if (!id) return respond(plain_response(404, "not found"));
  const Explaining explaining{questions, *id, wants_text(request), std::move(respond)};
  explaining.ask_engine([explaining] { explaining.ask_queue(); });
}

}  // namespace attestrd
