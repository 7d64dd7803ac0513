#include "runtime/conductor.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <memory>
#include <utility>

#include "runtime/system_clock.h"

namespace attestrd {
namespace {

// The timer runs on CLOCK_MONOTONIC, which stops during a suspend; the engine's clock does not.
// Therefore a wake-up is at most this late after a suspend.
constexpr Duration kLongestSleep = std::chrono::seconds(30);
// A timer that is overdue by less than this is about to fire; a longer delay comes from a suspend.
constexpr Duration kOverdue = std::chrono::milliseconds(100);

Mono due_for(Mono wake, Mono last_step) { return std::min(wake, last_step + kLongestSleep); }

}  // namespace

Conductor::Conductor(boost::asio::io_context& loop, Engine& engine, Verifier& verifier, Say say)
    : loop_(loop),
      engine_(engine),
      verifier_(verifier),
      say_(std::move(say)),
      timer_(loop),
      last_step_(read_clocks().mono) {}

void Conductor::connect(Poller& poller, DiskWorker& disk) {
  poller_ = &poller;
  disk_ = &disk;
}

void Conductor::step(const EngineEvent& event, Heard heard) {
  const Now now = read_clocks();
  last_step_ = now.mono;
  actions_.clear();
  engine_.step(now, event, actions_);
  for (Action& action : actions_) {
    std::visit([this, heard](auto& what) { perform(what, heard); }, action);
  }
  if (!to_write_.is_empty()) disk_->submit(std::exchange(to_write_, {}));
  if (engine_.kept_bytes() != kept_bytes_) poller_->keep(kept_bytes_ = engine_.kept_bytes());
  wake_in_time();
}

void Conductor::perform(StartPoll& action, Heard) { poller_->start(action.ticket, action.id); }

void Conductor::perform(Verify& action, Heard heard) {
  const HttpResponse& response = *heard.response;
  auto answer = std::make_shared<LargeAnswer>(LargeAnswer{
      std::move(action), response.status, std::string(response.retry_after),
      std::string(response.date), std::string(response.content_encoding), std::move(*heard.body)});
  // The check has a verifier of its own: a reload may replace the other one meanwhile.
  const auto verifier = std::make_shared<Verifier>(verifier_);
  checks_.run(
      [answer, verifier] {
        answer->checked = check_answer(answer->response(), answer->what.id, *verifier);
      },
      [this, answer] { checked(*answer); });
}

void Conductor::checked(LargeAnswer& answer) {
  const HttpResponse response = answer.response();
  step(Verified{answer.what.ticket, &*answer.checked, &response}, {&response, &answer.body});
}

void Conductor::perform(Settle& action, Heard heard) {
  if (action.keeps_response) action.finish.response = std::move(*heard.body);
  to_write_.finishes.push_back(std::move(action.finish));
}

void Conductor::perform(StoreDoubted& action, Heard) {
  to_write_.doubted.push_back(std::move(action.finish));
}

void Conductor::perform(Save& action, Heard) { to_write_.progress.push_back(action.progress); }

void Conductor::perform(Remember& action, Heard) {
  RoundRequest learnt;
  learnt.learnt = std::move(action.learnt);
  to_write_.join(std::move(learnt));
}

void Conductor::perform(Reserve& action, Heard) {
  RoundRequest reservation;
  reservation.reserve = action.wanted;
  to_write_.join(std::move(reservation));
}

void Conductor::perform(GiveBack& action, Heard) {
  RoundRequest unspent;
  unspent.give_back = action.unspent;
  to_write_.join(std::move(unspent));
}

void Conductor::perform(attestrd::Say& action, Heard) { say_(action.notice); }

void Conductor::perform(Answered& action, Heard) {
  auto asked = asked_.extract(action.ticket);
  // The callback is posted, since it may step the engine again while these actions are performed.
  boost::asio::post(
      loop_, [on_answer = std::move(asked.mapped()), answer = std::move(action.answer)]() mutable {
        on_answer(std::move(answer));
      });
}

void Conductor::ask(EngineCommand command, std::function<void(EngineAnswer)> on_answer) {
  const CommandTicket ticket = ++last_command_;
  asked_.emplace(ticket, std::move(on_answer));
  step(Commanded{ticket, &command});
}

void Conductor::replied(Poller::Ticket ticket, const PollReply& reply, std::string& body) {
  step(Replied{ticket, &reply}, {std::get_if<HttpResponse>(&reply), &body});
}

void Conductor::written(const RoundReport& report) {
  for (const Notice& notice : report.notices) say_(notice);
  if (report.reserved) step(Reserved{*report.reserved});
  if (report.pause) step(PauseChanged{*report.pause});
  for (const HandshakeId& id : report.lost) step(Lost{id});
  for (const HandshakeId& id : report.settled) step(Settled{id});
  for (const QueuedHandshake& handshake : report.accepted) step(Adopted{&handshake, true});
  if (!report.claimed.empty()) step(Recovering{report.claimed.size(), false});
  for (const QueuedHandshake& handshake : report.claimed) step(Adopted{&handshake, false});
  for (const SetHeld& hold : report.holds) step(HoldChanged{hold});
  if (!report.kicked.empty()) ask(KickCommand{report.kicked}, [](const EngineAnswer&) {});
}

void Conductor::wake_in_time() {
  const auto wake = engine_.next_wake();
  if (!wake && timer_due_ == Mono::max()) return;
  // A timer that fires too early costs one empty step; setting it again at each poll costs more.
  if (wake && timer_due_ <= due_for(*wake, last_step_) && timer_due_ + kOverdue > last_step_)
    return;
  // The timer is set once for all steps of one turn of the loop.
  if (std::exchange(is_to_be_set_, true)) return;
  const auto set = [this] {
    is_to_be_set_ = false;
    set_timer();
  };
  boost::asio::post(loop_, set);
}

void Conductor::set_timer() {
  const auto wake = engine_.next_wake();
  timer_due_ = Mono::max();
  if (!wake) {
    timer_.cancel();
    return;
  }
  timer_due_ = due_for(*wake, last_step_);
  timer_.expires_after(std::max(timer_due_ - last_step_, Duration(0)));
  const auto ring = [this](boost::system::error_code error) {
    if (error) return;
    timer_due_ = Mono::max();
    step(Woke{});
  };
  timer_.async_wait(ring);
}

}  // namespace attestrd
