#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "engine/engine.h"
#include "engine/replies.h"
#include "poll/poller.h"
#include "runtime/disk_worker.h"
#include "runtime/side_thread.h"

namespace attestrd {

/// The runtime of the engine: it performs the actions with one switch, and has one timer for all
/// handshakes. It makes no decisions. Everything in it runs on the event loop, except the check of
/// large answers.
class Conductor {
 public:
  using Say = std::function<void(const Notice&)>;

  Conductor(boost::asio::io_context& loop, Engine& engine, Verifier& verifier, Say say);

  /// Sets the adapters, which themselves need the conductor to report to. Must be called before
  /// anything else.
  void connect(Poller& poller, DiskWorker& disk);

  void step(const EngineEvent& event) { step(event, {}); }

  /// Passes a command to the engine. `on_answer` is called on the loop, never from within ask(),
  /// and not at all once the loop has stopped.
  void ask(EngineCommand command, std::function<void(EngineAnswer)> on_answer);

  /// Passes the reply to a poll to the engine. Serves as Poller::OnReply.
  void replied(Poller::Ticket ticket, const PollReply& reply, std::string& body);
  /// Passes the report of a round to the engine and the log. Serves as DiskWorker::Events::report.
  void written(const RoundReport& report);

  /// Returns the time of the last step of the engine, which the watchdog checks.
  Mono last_step() const { return last_step_; }

 private:
  /// The response of an event, and the buffer that holds its body.
  struct Heard {
    const HttpResponse* response = nullptr;
    std::string* body = nullptr;
  };
  /// A large answer, with the buffers that its views refer to.
  struct LargeAnswer {
    Verify what;
    unsigned status = 0;
    std::string retry_after;
    std::string date;
    std::string content_encoding;
    std::string body;
    std::optional<CheckedAnswer> checked{};  ///< Set by the check.

    HttpResponse response() const { return {status, retry_after, date, content_encoding, body}; }
  };

  void step(const EngineEvent& event, Heard heard);
  void checked(LargeAnswer& answer);
  void perform(StartPoll& action, Heard heard);
  void perform(Verify& action, Heard heard);
  void perform(Settle& action, Heard heard);
  void perform(StoreDoubted& action, Heard heard);
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
  bool is_to_be_set_ = false;  // The timer must be set at the end of this turn.
  Mono last_step_;
  Actions actions_;
  RoundRequest to_write_;  // The writes that the actions of this step request.
  CommandTicket last_command_ = 0;
  std::map<CommandTicket, std::function<void(EngineAnswer)>> asked_;
  std::size_t kept_bytes_ = 0;  // As the poller knows them.
  /// Checks large answers, which takes up to seconds. Its queue needs no bound of its own: each
  /// answer in it belongs to a poll in flight, and counts as kept memory.
  SideThread checks_{loop_.get_executor()};
};

}  // namespace attestrd
