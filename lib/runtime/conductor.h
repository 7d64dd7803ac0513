#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <string>

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

  void step(const EngineEvent& event) { step(event, {}); }

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
  /// The response that an event brought, and the buffer that its body lies in.
  struct Heard {
    const HttpResponse* response = nullptr;
    std::string* body = nullptr;
  };
  /// A response whose result waits to be verified, with all that its views look into.
  struct Unverified {
    Verify what;
    unsigned status = 0;
    std::string retry_after;
    std::string date;
    std::string content_encoding;
    std::string body;
  };

  void step(const EngineEvent& event, Heard heard);
  void verify(Unverified& unverified);
  void perform(StartPoll& action, Heard heard);
  void perform(Verify& action, Heard heard);
  void perform(Settle& action, Heard heard);
  void perform(Save& action, Heard heard);
  void perform(Remember& action, Heard heard);
  void perform(Reserve& action, Heard heard);
  void perform(GiveBack& action, Heard heard);
  void perform(attestrd::Say& action, Heard heard);
  void perform(Answered& action, Heard heard);
  void wake_in_time();
  void set_timer();

  boost::asio::io_context& loop_;
  Engine& engine_;
  Verifier& verifier_;
  Say say_;
  Poller* poller_ = nullptr;
  DiskWorker* disk_ = nullptr;
  boost::asio::steady_timer timer_;
  Mono timer_due_ = Mono::max();
  bool is_to_be_set_ = false;  // The timer, at the end of this turn.
  Mono last_step_;
  Actions actions_;
  RoundRequest to_write_;  // What the actions of this step want written.
  CommandTicket last_command_ = 0;
  std::map<CommandTicket, std::function<void(EngineAnswer)>> asked_;
};

}  // namespace attestrd
