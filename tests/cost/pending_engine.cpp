#include "cost/pending_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "cost/counted.h"
#include "io/pending_answer.h"

namespace attestrd::cost {
namespace {

using namespace std::chrono_literals;

constexpr double kSecondsPerRound = 50;
constexpr Wall kEpoch{Duration(1'764'000'000'000'000)};
constexpr std::string_view kBeginning = "DS02zfeuv6n4gk";

std::string id_text(std::size_t number) { return fmt::format("{}{:07}", kBeginning, number); }

std::vector<Secret> client_secrets() {
  std::vector<Secret> secrets;
  secrets.emplace_back(std::string("client-secret"));
  return secrets;
}

EngineSettings settings_for(std::size_t pending) {
  EngineSettings settings;
  settings.requests_per_second = static_cast<double>(pending) / kSecondsPerRound;
  settings.give_up_after = 10 * 365 * 24h;  // Longer than any measurement.
  return settings;
}

}  // namespace

PendingEngine::PendingEngine(std::size_t pending)
    : mono_(100h),
      verifier_(client_secrets(), SigningFormPolicy::automatic),
      engine_(settings_for(pending), verifier_, 1, now()),
      body_(pending_body(id_text(0))) {
  step(Recovering{pending});
  for (std::size_t i = 0; i < pending; ++i) {
    const auto id = HandshakeId::parse(id_text(i));
    const QueuedHandshake row{*id, {}, now().wall - 10min, {}, now().wall - 30s, 20};
    step(Adopted{&row, false});
  }
}

void PendingEngine::play(std::size_t polls) {
  for (const std::size_t end = answered_ + polls; answered_ < end;) {
    if (started_.empty()) {
      mono_ = std::max(mono_, engine_.next_wake().value());
      step(Woke{});
    } else {
      answer_all();
    }
  }
}

EngineAnswer PendingEngine::ask(const EngineCommand& command) {
  actions_.clear();
  {
    const Counted counted;
    engine_.step(now(), Commanded{1, &command}, actions_);
  }
  for (Action& action : actions_)
    if (auto* const answered = std::get_if<Answered>(&action)) return std::move(answered->answer);
  check_failed("a command is answered", __FILE__, __LINE__);
}

HandshakeId PendingEngine::id(std::size_t number) { return *HandshakeId::parse(id_text(number)); }

Now PendingEngine::now() const { return {mono_, kEpoch + mono_.time_since_epoch()}; }

void PendingEngine::step(const EngineEvent& event) {
  actions_.clear();
  {
    const Counted counted;
    engine_.step(now(), event, actions_);
    engine_.next_wake();
  }
  for (const Action& action : actions_) {
    const auto* const poll = std::get_if<StartPoll>(&action);
    ATTESTRD_CHECK(poll != nullptr);  // No handshake ends, and nothing is logged.
    started_.push_back(*poll);
  }
}

void PendingEngine::answer_all() {
  asked_.clear();
  asked_.swap(started_);
  const std::string date = http_date(now().wall);
  for (const StartPoll& poll : asked_) {
    // All ids have the same length, so that one body serves for all.
    const auto id = poll.id.view();
    body_.replace(body_.find(kBeginning), id.size(), id);
    const PollReply reply = HttpResponse{
        .status = 200, .retry_after = {}, .date = date, .content_encoding = {}, .body = body_};
    step(Replied{poll.ticket, &reply});
    ++answered_;
  }
}

}  // namespace attestrd::cost
