// GET /status, /metrics, /readyz and /health: the same report in four formats. GET /livez: whether
// the event loop and the disk worker move.

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "daemon/control/metrics/accept.h"
#include "daemon/control/metrics/report_metrics.h"
#include "daemon/control/routes.h"
#include "daemon/control/status.h"
#include "daemon/control/status_report.h"

namespace attestrd {
namespace {

using UseReport = std::function<void(const StatusReport&)>;

void ask_report(const Questions& questions, DaemonFacts facts, UseReport use) {
  questions.ask_engine(ReportCommand{}, [facts = std::move(facts), now = questions.now(),
                                         use = std::move(use)](const EngineAnswer& answer) {
    use(status_report(std::get<EngineReport>(answer), facts, now));
  });
}

ServerResponse health_response(const StatusReport& report) {
  const auto& daemon = report.daemon;
  if (daemon && daemon->disk_full) return plain_response(503, "disk full");
  if (daemon && daemon->disk_round >= limits::kDiskStall)
    return plain_response(503, "disk stalled");
  if (daemon && daemon->queue_unavailable) return plain_response(503, "queue unavailable");
  if (daemon && daemon->queue_went_back) return plain_response(503, "queue went back");
  if (daemon && daemon->operator_pause) return plain_response(503, "paused by an operator");
  if (daemon && daemon->pause)
    return plain_response(
        503, "account paused" +
                 (daemon->pause->node.empty() ? "" : " by the node " + daemon->pause->node) + ": " +
                 daemon->pause->reason);
  if (daemon && daemon->signatures_fail) return plain_response(503, "signatures failing");
  if (daemon && daemon->spool_full) return plain_response(503, "spool full");
  if (daemon && daemon->is_stopping) return plain_response(503, "stopping");
  return plain_response(200, "ok");
}

/// Returns the reasons why nothing is polled or delivered, as one JSON object.
ServerResponse readiness_response(const StatusReport& report) {
  const auto& daemon = *report.daemon;
  std::string reasons;
  const auto add = [&reasons](bool holds, std::string_view reason) {
    if (holds) reasons += fmt::format("{}\"{}\"", reasons.empty() ? "" : ",", reason);
  };
  add(daemon.operator_pause.has_value(), "paused_by_operator");
  add(daemon.pause || daemon.operator_pause, "paused");
  add(daemon.pause && !daemon.pause->node.empty(), "paused_by_another_node");
  add(daemon.signatures_fail, "signatures_failing");
  add(daemon.disk_full, "disk_full");
  add(daemon.disk_round >= limits::kDiskStall, "disk_stalled");
  add(daemon.queue_unavailable, "queue_unavailable");
  add(daemon.queue_went_back, "queue_went_back");
  add(daemon.spool_full, "spool_full");
  add(daemon.is_stopping, "draining");
  const bool is_ready = reasons.empty();
  return json_response(is_ready ? 200 : 503,
                       fmt::format("{{\"ready\":{},\"reasons\":[{}]}}\n", is_ready, reasons));
}

}  // namespace

void status_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  ask_report(
      questions, questions.facts(),
      [as_text = wants_text(request), respond = std::move(respond)](const StatusReport& report) {
        respond(as_text ? text_response(200, status_text(report))
                        : json_response(200, status_json(report)));
      });
}

void metrics_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  DaemonFacts facts = questions.facts();
  questions.measure(facts.counters);
  ask_report(
      questions, std::move(facts),
      [format = metrics_format(request.accept),
       respond = std::move(respond)](const StatusReport& report) {
        respond({200, std::string(content_type_of(format)), status_metrics(report, format), {}});
      });
}

void livez_route(const Questions& questions, const ServerRequest&, Responder respond) {
  // The disk worker answers between its rounds. What it finds does not matter; if it hangs, the
  // server answers 503.
  static const HandshakeId kAnyId = *HandshakeId::parse("livez");
  questions.look_up(kAnyId, [respond = std::move(respond)](const Result<KnownHandshake>&) {
    respond(plain_response(200, "ok"));
  });
}

void readyz_route(const Questions& questions, const ServerRequest&, Responder respond) {
  ask_report(questions, questions.facts(),
             [respond = std::move(respond)](const StatusReport& report) {
               respond(readiness_response(report));
             });
}

void health_route(const Questions& questions, const ServerRequest&, Responder respond) {
  ask_report(questions, questions.facts(),
             [respond = std::move(respond)](const StatusReport& report) {
               respond(health_response(report));
             });
}

}  // namespace attestrd
