// GET /: the page for people.

#include <utility>

#include "daemon/control/page/page.h"
#include "daemon/control/routes.h"
#include "daemon/control/status_report.h"

namespace attestrd {

void page_route(const Questions& questions, const ServerRequest&, Responder respond) {
  questions.ask_engine(
      ReportCommand{}, [questions, respond = std::move(respond)](const EngineAnswer& answered) {
        const auto report =
            status_report(std::get<EngineReport>(answered), questions.facts(), questions.now());
        questions.ask_engine(CurveCommand{}, [report, endings = questions.last_endings(),
                                              respond](const EngineAnswer& answer) {
          respond({200,
                   "text/html; charset=utf-8",
                   status_page(report, std::get<LearntCurve>(answer), endings),
                   {}});
        });
      });
}

}  // namespace attestrd
