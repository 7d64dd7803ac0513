#pragma once

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/replies.h"

namespace attestrd::dialogue {

using namespace std::chrono_literals;

inline HandshakeId id(std::string_view text) { return *HandshakeId::parse(text); }

/// A fixture that drives one engine, on clocks that only the test advances. Notices are recorded,
/// so that tests assert the log too. A poll stays in flight until the test answers it.
class Dialogue : public testing::Test {
 protected:
  static constexpr std::string_view kSecret = "client-secret";

  void SetUp() override {
    settings.cadence = CadenceKind::exponential;
    settings.requests_per_second = 0;
    settings.host = "api.attestr.com";
  }

  Engine& engine() {
    if (!engine_) {
      std::vector<Secret> secrets;
      secrets.emplace_back(std::string(kSecret));
      verifier_ = std::make_unique<Verifier>(std::move(secrets), SigningFormPolicy::automatic);
      engine_ = std::make_unique<Engine>(settings, *verifier_, 1, now());
    }
    return *engine_;
  }

  // ---- Events.

  void given_new(std::string_view text, std::optional<Duration> expires_in = {},
                 std::string tag = "") {
    adopt(text, Duration(0), expires_in, std::move(tag), true);
  }
  /// Adopts a row of an earlier boot, whose age only the wall clock shows.
  void given_queued(std::string_view text, Duration age = 0s) { adopt(text, age, {}, "", false); }
  void advance(Duration duration) {
    const Mono until = mono_ + duration;
    while (true) {
      const auto wake = engine().next_wake();
      if (!wake || *wake > until) break;
      const Mono to = std::max(*wake, mono_);
      if (to == mono_ && to == last_woken_ && ++idle_wakes_ > 1000) {
        FAIL() << "the engine wants to be woken at once, for ever";
      }
      if (to != last_woken_) idle_wakes_ = 0;
      last_woken_ = to;
      wall_ += to - mono_;
      mono_ = to;
      step(Woke{});
    }
    wall_ += until - mono_;
    mono_ = until;
  }
  void wall_clock_jumps(Duration by) { wall_ += by; }

  void attestr_says(std::string_view text, unsigned status, std::string body,
                    std::string retry_after = "", std::string date = "") {
    HttpResponse response;
    response.status = status;
    response.body = body;
    response.retry_after = retry_after;
    response.date = date;
    reply(text, response);
  }
  void attestr_says_pending(std::string_view text) {
    attestr_says(text, 200, answer(text, R"("consumed":false,"result":null)"));
  }
  /// The answer has the Date of a server whose clock is ahead of ours by `ahead`.
  void attestr_says_pending_at(std::string_view text, Duration ahead) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wall_ + ahead);
    const auto date = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                                  fmt::gmtime(seconds.time_since_epoch().count()));
    attestr_says(text, 200, answer(text, R"("consumed":false,"result":null)"), "", date);
  }
  void attestr_says_all_pending() {
    while (!tickets_.empty()) attestr_says_pending(std::string(tickets_.begin()->first));
  }
  void attestr_says_code(std::string_view text, unsigned status, int code,
                         std::string retry_after = "") {
    attestr_says(text, status, fmt::format(R"({{"code":{},"message":"m"}})", code), retry_after);
  }
  void attestr_says_completed(std::string_view text, std::string_view tag = "290846") {
    attestr_says(text, 200, answer(text, signed_result(kSecret), tag));
  }
  /// The answer has the text `result`, with a signature over another spelling of it.
  void attestr_says_signed(std::string_view text, std::string_view result,
                           std::string_view signed_text) {
    attestr_says(text, 200, answer(text, signed_result(kSecret, result, signed_text)));
  }
  void attestr_says_forged(std::string_view text) {
    attestr_says(text, 200, answer(text, signed_result("another secret")));
  }
  void attestr_says_archived(std::string_view text) {
    attestr_says(text, 200, answer(text, R"("consumed":true,"archived":1764000000000)"));
  }
  /// Answers each poll with an error until the account pauses and no poll is in flight.
  void account_pauses(unsigned status, int code) {
    for (int i = 0; i < 1000 && !engine().report(now()).paused_for; ++i) {
      while (!tickets_.empty() && !engine().report(now()).paused_for)
        attestr_says_code(polled(), status, code);
      if (!engine().report(now()).paused_for) advance(1s);
    }
    EXPECT_TRUE(engine().report(now()).paused_for);
    while (!tickets_.empty()) attestr_says_code(polled(), status, code);
  }
  /// Checks the oldest answer that awaits it, and reports the outcome to the engine.
  void verified() {
    const auto [what, status, date, body] = verifications.front();
    verifications.erase(verifications.begin());
    HttpResponse response;
    response.status = status;
    response.date = date;
    response.body = body;
    const auto checked = check_answer(response, what.id, *verifier_);
    step(Verified{what.ticket, &checked, &response});
  }
  /// Reloads the settings, with another client secret.
  void reload_with(std::string_view secret) {
    std::vector<Secret> secrets;
    secrets.emplace_back(std::string(secret));
    engine();
    verifier_->replace(std::move(secrets), SigningFormPolicy::automatic);
    step(Reconfigured{settings});
  }
  void poll_fails(std::string_view text, TransportFailure::Kind kind, int depth = -1) {
    reply(text, TransportFailure{kind, "as the test says", depth});
  }
  void step(const EngineEvent& event) {
    Actions actions;
    engine().step(now(), event, actions);
    for (Action& action : actions) std::visit([this](auto& a) { take(a); }, action);
    for (const auto& wanted : std::exchange(unwritten_, {})) disk_reserves(wanted);
  }

  void disk_reserves(const DayRequests& wanted) {
    step(Reserved{{wanted.day, wanted.requests, wanted.requests}});
  }

  EngineAnswer ask(const EngineCommand& command) {
    const CommandTicket ticket = ++last_command_;
    step(Commanded{ticket, &command});
    return answers.at(ticket);
  }

  // ---- Expectations.

  bool polls(std::string_view text) const { return tickets_.contains(std::string(text)); }
  std::size_t polls_in_flight() const { return tickets_.size(); }
  /// Returns one handshake whose poll is in flight.
  std::string polled() const {
    if (tickets_.empty()) give_up("nothing", "has a poll in flight");
    return tickets_.begin()->first;
  }
  /// Waits until any poll is in flight.
  Duration delay_until_any_poll() {
    const Mono from = mono_;
    while (tickets_.empty()) {
      const auto wake = engine().next_wake();
      if (!wake) give_up("nothing", "is polled");
      advance(std::max(*wake - mono_, Duration(0)));
    }
    return mono_ - from;
  }
  Duration delay_until_poll(std::string_view text, Duration patience = 400 * 24h) {
    const Mono from = mono_;
    while (!polls(text) && mono_ - from < patience) {
      const auto wake = engine().next_wake();
      if (!wake) break;
      advance(std::max(*wake - mono_, Duration(0)));
    }
    EXPECT_TRUE(polls(text)) << text << " is not polled";
    return mono_ - from;
  }
  const Settle* settled(std::string_view text) const {
    const auto found = std::find_if(settles.begin(), settles.end(),
                                    [&](const Settle& s) { return s.finish.id.view() == text; });
    return found == settles.end() ? nullptr : &*found;
  }
  bool ended(std::string_view text, Outcome outcome, Reason reason = Reason::none) const {
    const Settle* const settle = settled(text);
    return settle && settle->finish.outcome == outcome && settle->finish.reason == reason;
  }
  std::size_t said(Event event) const {
    return static_cast<std::size_t>(std::count_if(
        notices.begin(), notices.end(), [=](const Notice& n) { return n.event == event; }));
  }
  const Notice& last_said(Event event) const {
    const auto found = std::find_if(notices.rbegin(), notices.rend(),
                                    [=](const Notice& n) { return n.event == event; });
    if (found == notices.rend()) give_up(name_of(event), "was not said");
    return *found;
  }

  Now now() const { return {mono_, wall_}; }

  struct Verification {
    Verify what;
    unsigned status;
    std::string date;
    std::string body;
  };

  EngineSettings settings;
  std::vector<Verification> verifications;
  std::vector<Settle> settles;
  std::vector<Finish> stored;  ///< By StoreDoubted.
  std::vector<Save> saves;
  std::vector<HazardDelta> remembered;
  std::vector<DayRequests> reservations;
  std::vector<DayRequests> given_back;
  std::map<CommandTicket, EngineAnswer> answers;
  bool disk_answers = true;  ///< Reservations are granted at once, in full.
  std::vector<Notice> notices;
  std::size_t polls_started = 0;
  std::vector<Mono> poll_times;

  static constexpr std::string_view kRequestId = "c500f555-0dd3-4368-b5e3-c039ddb144ee";

  static std::string answer(std::string_view text, std::string_view fields,
                            std::string_view tag = "290846") {
    return fmt::format(R"({{"_id":"{}","tag":"{}","requestId":"{}",{}}})", text, tag, kRequestId,
                       fields);
  }

  static constexpr std::string_view kResult = R"({"FS1":{"input":{},"output":{"name":"P"}}})";

  static std::string signed_result(std::string_view secret, std::string_view result = kResult,
                                   std::string_view signed_text = kResult);

 private:
  /// Throws, and so ends the test: a loop in it could wait for ever for an action that never comes.
  [[noreturn]] static void give_up(std::string_view what, std::string_view why) {
    throw std::logic_error(fmt::format("{} {}", what, why));
  }

  void adopt(std::string_view text, Duration age, std::optional<Duration> expires_in,
             std::string tag, bool is_new) {
    QueuedHandshake handshake{id(text), std::move(tag), wall_ - age, {}, {}, 0, 1, {}};
    if (is_new) handshake.submitted = mono_ - age;
    if (expires_in) handshake.expiry = wall_ + *expires_in;
    step(Adopted{&handshake, is_new});
  }
  void reply(std::string_view text, PollReply what) {
    const auto ticket = tickets_.find(std::string(text));
    if (ticket == tickets_.end()) give_up(text, "has no poll in flight");
    const Poller::Ticket number = ticket->second;
    tickets_.erase(ticket);
    reply_ = &what;
    step(Replied{number, &what});
  }
  void take(StartPoll& action) {
    const bool is_first = tickets_.emplace(action.id.view(), action.ticket).second;
    EXPECT_TRUE(is_first) << action.id.view() << " has two polls in flight";
    ++polls_started;
    poll_times.push_back(mono_);
  }
  void take(Verify& action) {
    const auto& response = std::get<HttpResponse>(*reply_);
    verifications.push_back(
        {action, response.status, std::string(response.date), std::string(response.body)});
  }
  void take(Settle& action) { settles.push_back(std::move(action)); }
  void take(StoreDoubted& action) { stored.push_back(std::move(action.finish)); }
  void take(Save& action) { saves.push_back(action); }
  void take(Remember& action) { remembered.push_back(std::move(action.learnt)); }
  void take(Reserve& action) {
    reservations.push_back(action.wanted);
    if (disk_answers) unwritten_.push_back(action.wanted);
  }
  void take(GiveBack& action) { given_back.push_back(action.unspent); }
  void take(Answered& action) { answers.emplace(action.ticket, std::move(action.answer)); }
  void take(Say& action) { notices.push_back(std::move(action.notice)); }

  Mono mono_ = Mono(1000h);
  Wall wall_ = Wall(Duration(1'764'000'000'000'000));  // 2025-11-24 16:00 UTC
  Mono last_woken_ = Mono::min();
  int idle_wakes_ = 0;
  std::vector<DayRequests> unwritten_;
  const PollReply* reply_ = nullptr;  // Valid while step() handles it.
  CommandTicket last_command_ = 0;
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<Engine> engine_;
  std::map<std::string, Poller::Ticket> tickets_;
};

}  // namespace attestrd::dialogue
