#include "runtime/conductor.h"

#include <algorithm>
#include <utility>

#include "runtime/system_clock.h"

namespace attestrd {
namespace {

// The timer runs on CLOCK_MONOTONIC, which stops during a suspend; the engine's clock does not. So
// a suspended machine is at most this late.
constexpr Duration kLongestSleep = std::chrono::seconds(30);

}  // namespace

Conductor::Conductor(boost::asio::io_context& loop, Engine& engine, Say say)
    : engine_(engine), say_(std::move(say)), timer_(loop), last_step_(read_clocks().mono) {}

void Conductor::connect(Poller& poller, DiskWorker& disk) {
  poller_ = &poller;
  disk_ = &disk;
}

void Conductor::step(const EngineEvent& event, std::string* body) {
  const Now now = read_clocks();
  last_step_ = now.mono;
  actions_.clear();
  engine_.step(now, event, actions_);
  for (Action& action : actions_) {
    std::visit([this, body](auto& what) { perform(what, body); }, action);
  }
  wake_in_time();
}

void Conductor::perform(StartPoll& action, std::string*) {
  poller_->start(action.ticket, action.id);
}

void Conductor::perform(Settle& action, std::string* body) {
  if (action.keeps_response) action.finish.response = std::move(*body);
  disk_->submit(std::move(action.finish));
}

void Conductor::perform(Save& action, std::string*) { disk_->submit(action.progress); }

void Conductor::perform(Remember& action, std::string*) {
  disk_->submit_hazard(std::move(action.hazard));
}

void Conductor::perform(Reserve& action, std::string*) { disk_->submit(action.requests); }

void Conductor::perform(attestrd::Say& action, std::string*) { say_(action.notice); }

void Conductor::replied(Poller::Ticket ticket, const PollReply& reply, std::string& body) {
  step(Replied{ticket, &reply}, &body);
}

void Conductor::written(const RoundReport& report) {
  for (const Notice& notice : report.notices) say_(notice);
  if (report.reserved) step(Reserved{*report.reserved});
  for (const HandshakeId& id : report.settled) step(Settled{id});
  for (const QueuedHandshake& handshake : report.accepted) step(Adopted{&handshake, true});
}

void Conductor::wake_in_time() {
  const auto wake = engine_.next_wake();
  if (!wake) {
    timer_due_ = Mono::max();
    timer_.cancel();
    return;
  }
  const Mono due = std::min(*wake, last_step_ + kLongestSleep);
  // A timer that rings too early costs one empty step; re-arming it at each poll costs more.
  if (timer_due_ <= due && timer_due_ > last_step_) return;
  timer_due_ = due;
  timer_.expires_after(std::max(due - last_step_, Duration(0)));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    timer_due_ = Mono::max();
    step(Woke{});
  });
}

}  // namespace attestrd
