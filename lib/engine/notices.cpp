#include "engine/notices.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "engine/replies.h"

namespace attestrd::notices {
namespace {

Notice about(Event event, Level level, const Polled& polled) {
  Notice notice;
  notice.event = event;
  notice.level = level;
  notice.handshake = polled.id;
  notice.polls = polled.polls;
  return notice;
}

Notice about(Event event, Level level, const Polled& polled, const HttpResponse& response,
             const Answer& answer, std::string_view trouble) {
  Notice notice = about(event, level, polled);
  notice.http_status = response.status;
  if (const int code = code_of(answer)) notice.code = code;
  notice.reason = trouble;
  notice.request_id = request_id_of(answer);
  return notice;
}

std::int64_t seconds_of(Duration duration) {
  return std::chrono::round<std::chrono::seconds>(std::chrono::abs(duration)).count();
}

}  // namespace

Notice poll_answered(const Polled& polled, const HttpResponse& response, const Answer& answer,
                     std::string_view trouble) {
  Notice notice = about(Event::poll_answered, Level::debug, polled, response, answer, trouble);
  notice.message = "Attestr answered";
  return notice;
}

Notice poll_error(const Polled& polled, const HttpResponse& response, const Answer& answer,
                  std::string_view trouble) {
  Notice notice = about(Event::poll_error, Level::warn, polled, response, answer, trouble);
  notice.message = "the answer can't be used; the handshake is polled again";
  return notice;
}

Notice poll_error(const Polled& polled, const TransportFailure& failure, std::string_view host) {
  Notice notice = about(Event::poll_error, Level::warn, polled);
  notice.message = "no answer came; the handshake is polled again";
  notice.host = host;
  notice.reason = fmt::format("{}: {}", name_of(failure.kind), failure.detail);
  if (failure.kind == TransportFailure::Kind::certificate) {
    notice.depth = failure.certificate_depth;
  }
  return notice;
}

Notice account_trouble(const Polled& polled, const HttpResponse& response, const Answer& answer,
                       std::string_view trouble) {
  return about(Event::account_paused, Level::error, polled, response, answer, trouble);
}

Notice account_paused(Notice cause, PauseReason reason, std::string_view host,
                      Duration until_canary) {
  cause.event = Event::account_paused;
  cause.level = Level::error;
  cause.message = fmt::format(
      "polling is paused ({}): no handshake fails by this, and one canary at a time is polled to "
      "see whether it is over",
      name_of(reason));
  // The failure of a certificate or of a proxy has a more specific reason already.
  if (reason != PauseReason::certificate && reason != PauseReason::proxy)
    cause.reason = name_of(reason);
  cause.host = host;
  cause.wait = until_canary;
  return cause;
}

Notice account_paused_by(const SharedPause& pause) {
  Notice notice(Event::account_paused,
                fmt::format("paused by {} ({}): nothing is polled here until that node, which asks "
                            "with one canary, finds that it is over",
                            pause.node, name_of(pause.reason)));
  notice.level = Level::warn;
  notice.reason = name_of(pause.reason);
  notice.host = pause.node;
  return notice;
}

Notice account_taken_up(PauseReason reason, const std::optional<SharedPause>& before,
                        Duration until_canary) {
  Notice notice(
      Event::account_paused,
      fmt::format("paused ({}): this node asks with one canary from now on", name_of(reason)));
  if (before && !before->node.empty())
    notice.message += fmt::format(", since {} does not live", before->node);
  notice.level = Level::warn;
  notice.reason = name_of(reason);
  notice.wait = until_canary;
  return notice;
}

Notice account_resumed(PauseReason reason, Duration lasted) {
  Notice notice;
  notice.event = Event::account_resumed;
  notice.message = "Attestr answers again; polling goes on";
  notice.reason = name_of(reason);
  notice.wait = lasted;
  return notice;
}

Notice signatures_failing(const Polled& polled) {
  Notice notice = about(Event::signatures_failing, Level::error, polled);
  notice.message =
      "the signatures of several handshakes in a row failed, and none has held since: check the "
      "client secret; the answers are kept, and nothing is rejected by this";
  notice.reason = name_of(Reason::invalid_signature);
  return notice;
}

Notice polling_paused() {
  return Notice(Event::polling_paused,
                "nobody is polled until an operator resumes: `attestrd resume`");
}

Notice polling_resumed(Duration lasted) {
  Notice notice(Event::polling_resumed, "an operator has ended the pause of all polls");
  notice.wait = lasted;
  return notice;
}

Notice signatures_holding(const Polled& polled) {
  Notice notice = about(Event::signatures_holding, Level::info, polled);
  notice.message = "a signature holds again";
  return notice;
}

Notice other_form(const Polled& polled, SigningForm form, bool is_accepted) {
  Notice notice = about(Event::signature_form, is_accepted ? Level::warn : Level::error, polled);
  notice.message = is_accepted
                       ? "a result is signed in another form than those before, and is accepted"
                       : "a result is signed in the form stringify, and those before were not: it "
                         "is refused until signature.form is set";
  notice.reason = name_of(form);
  return notice;
}

Notice rate_lowered(double configured, std::string_view host) {
  Notice notice(Event::rate_lowered);
  notice.message = fmt::format(
      "Attestr refuses polls for their rate: they are sent more slowly than requests_per_second "
      "({}) allows",
      configured);
  notice.host = host;
  return notice;
}

Notice rate_restored() {
  return Notice(Event::rate_restored, "polls are sent at the configured rate again");
}

Notice clock_jumped(Duration jump) {
  return Notice(
      Event::clock_jumped,
      fmt::format("the clock of this machine was set {} by {} s: what was submitted keeps "
                  "its age, and no handshake expires by it",
                  jump < Duration(0) ? "back" : "ahead", seconds_of(jump)));
}

Notice clock_differs(Duration difference, std::string_view host) {
  Notice notice(
      Event::clock_differs,
      fmt::format("the clock of this machine is {} s {} the server's: set it right",
                  seconds_of(difference), difference < Duration(0) ? "ahead of" : "behind"));
  notice.host = host;
  return notice;
}

Notice budget_spent(std::uint64_t spent, Duration until_next_day) {
  Notice notice;
  notice.event = Event::budget_spent;
  notice.level = Level::warn;
  notice.message =
      "the requests of the day are spent, but for those kept for last polls: all other polls wait "
      "for the next day";
  notice.count = spent;
  notice.wait = until_next_day;
  return notice;
}

Notice budget_renewed(std::uint64_t spent) {
  Notice notice;
  notice.event = Event::budget_renewed;
  notice.message = "there are requests again; polling goes on";
  notice.count = spent;
  return notice;
}

}  // namespace attestrd::notices
