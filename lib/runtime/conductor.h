#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <string>

#include "base/handler_memory.h"
#include "engine/engine.h"
#include "poll/poller.h"
#include "runtime/disk_worker.h"

namespace attestrd {

/// Carries out what the engine decides: one switch over actions, one timer for all handshakes.
/// Decides nothing. Everything in it runs on the event loop.
class Conductor {
 public:
  using Say = std::function<void(const Notice&)>;

  Conductor(boost::asio::io_context& loop, Engine& engine, Verifier& verifier, Say say);

  /// The adapters, which themselves need the conductor to report to. Call before anything else.
  void connect(Poller& poller, DiskWorker& disk);

  void step(const EngineEvent& event) { step(event, nullptr); }

  /// Has the engine do what the command says. `on_answer` is called on the loop, never from within
  /// ask(), and not at all once the loop has stopped.
  void ask(EngineCommand command, std::function<void(EngineAnswer)> on_answer);

  /// For Poller::OnReply.
  void replied(Poller::Ticket ticket, const PollReply& reply, std::string& body);
  /// For DiskWorker::Events::report.
  void written(const RoundReport& report);

  /// When the loop last turned the engine: what the watchdog looks at.
  Mono last_step() const { return last_step_; }

 private:
  void step(const EngineEvent& event, std::string* body);
  void perform(StartPoll& action, std::string* body);
  void perform(Settle& action, std::string* body);
  void perform(Save& action, std::string* body);
  void perform(Remember& action, std::string* body);
  void perform(Reserve& action, std::string* body);
  void perform(GiveBack& action, std::string* body);
  void perform(attestrd::Say& action, std::string* body);
  void perform(Answered& action, std::string* body);
  void wake_in_time();
  void set_timer();
  Mono due_for(Mono wake) const;

  boost::asio::io_context& loop_;
  Engine& engine_;
  Verifier& verifier_;
  Say say_;
  Poller* poller_ = nullptr;
  DiskWorker* disk_ = nullptr;
  boost::asio::steady_timer timer_;
  Mono timer_due_ = Mono::max();
  bool is_to_be_set_ = false;  // The timer, at the end of this turn.
  HandlerMemory<> timer_memory_;
  HandlerMemory<> turn_memory_;
  Mono last_step_;
  Actions actions_;
  RoundRequest to_write_;  // What the actions of this step want written.
  CommandTicket last_command_ = 0;
  std::map<CommandTicket, std::function<void(EngineAnswer)>> asked_;
};

}  // namespace attestrd
