#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/settings.h"
#include "handshake/handshake.h"
#include "simulation/upstream.h"

namespace attestrd::sim {

/// The longest time that a check of an answer takes outside of the event loop.
inline constexpr Duration kLongestCheck = std::chrono::minutes(1);

/// The exception for a violated guarantee.
struct Violation {
  std::string what;
};

/// A checker of every action of the daemon against the complete state of the simulation. Throws
/// Violation.
class Judge {
 public:
  explicit Judge(const Upstream& upstream) : upstream_(upstream) {}

  // Events.
  void submitted(const HandshakeId& id, Mono deadline);
  /// The id may be lost: it was written by a program that died, or was not synced before a power
  /// cut.
  void excuse(const HandshakeId& id) { lives_.at(id).may_be_lost = true; }
  void daemon_starts(const EngineSettings& settings);
  void reconfigured(const EngineSettings& settings);
  void synced(const std::string& folder);
  void settled(const std::vector<HandshakeId>& ids);  ///< A round reports that they are durable.
  void poll_starts(const HandshakeId& id, Mono now);
  void poll_ends(const HandshakeId& id, Mono now, const Upstream::Answer& answer);
  void polls_dropped();
  void appears(const std::string& folder, const std::string& name, const std::string& bytes);
  void taken(const std::string& folder, const std::string& name);

  // Operators take up handshakes that have ended. What they ask for may be done or not, until the
  // daemon answers or the next one has started.
  void retry_asked(const HandshakeId& id, Mono deadline);
  void retry_answered(const HandshakeId& id, bool is_reopened);
  void readmission_asked(const HandshakeId& id, const std::string& name);
  void readmission_answered(const HandshakeId& id, bool is_readmitted);

  // Operators change what is pending. A pause and a hold bind from the answer on, over deaths of
  // the daemon, until their ends are asked for.
  void pause_asked(bool is_paused);
  void pause_answered(bool is_paused);
  void hold_asked(const HandshakeId& id, bool is_held);
  void hold_answered(const HandshakeId& id, bool is_held, bool is_pending);
  /// An operator has its next poll begin at once, whatever it waits for.
  void kicked(const HandshakeId& id, Mono now) {
    auto& life = lives_.at(id);
    life.earliest = std::min(life.earliest, now);
  }
  void cancel_asked(const HandshakeId& id) { lives_.at(id).may_be_cancelled = true; }
  /// The daemon says that it ends the handshake: it starts no poll of it any more.
  void cancel_answered(const HandshakeId& id) { lives_.at(id).is_cancelled_here = true; }

  /// A daemon has started and recovered, and polls these handshakes.
  void recovered(const std::set<HandshakeId>& polled);

  /// Returns the bytes that a folder contains now under the name of a record; nothing if there is
  /// no such file.
  using Look =
      std::function<std::optional<std::string>(const std::string& folder, const std::string& name)>;
  void power_cut(const Look& look);
  void clock_shows(Wall time);
  void clock_jumps() { ++jumps_; }
  void clock_drifts_by(Duration most) { drift_ = most; }

  /// Checks that the id has ended: neither the inbox nor the queue contains it, so that the spool
  /// must have contained its record.
  void must_have_ended(const HandshakeId& id) const;
  /// Checks that every submission has ended exactly once and correctly, and that each record that
  /// no consumer removed is in its folder.
  void judge_the_end(const Look& look) const;

  std::size_t published() const;
  bool all_have_ended() const;
  std::uint64_t polls = 0;
  std::uint64_t second_publications = 0;  ///< After a power cut, the only permitted exception.

 private:
  struct Span {
    Mono from = Mono::min();
    Mono until = Mono::min();
  };
  /// Answers in a row of one kind that may end a handshake without a verified result.
  struct Run {
    std::optional<Served> kind;
    Mono since{};
    unsigned count = 0;
    bool is_general = true;  ///< Each was an answer that every poll got.
  };
  /// Answers in a row that blame the account for one reason.
  struct AccountRun {
    std::string reason;
    Mono since{};
    unsigned count = 0;
    std::set<HandshakeId> handshakes;
  };
  /// A published record.
  struct Record {
    std::string folder;  ///< Empty: not published.
    std::string name;
    std::string bytes;
    bool is_taken = false;
    bool may_be_removed = false;  ///< By a readmission of it that was asked for.
  };
  struct Life : Record {
    Mono deadline{};
    bool is_polled = false;
    bool is_canary = false;  ///< Its poll in flight started while the account was in trouble.
    Mono polled_at{};
    Mono earliest = Mono::min();  ///< No poll may start before.
    Served last{};
    bool is_answered_here = false;     ///< `last` is an answer to the current process.
    bool was_good = false;             ///< Since the last trouble of the account it met.
    Mono last_asked_at = Mono::min();  ///< Start of the last poll with a clean answer.
    Served last_clean{};
    bool was_dated = false;  ///< The last clean answer had the right Date.
    Run run;
    Run trouble;  ///< Answers in Attestr's form, of any kinds, since the last "not yet".
    std::set<Served> proven;     ///< Endings that a run of answers has proven.
    bool is_by_general = false;  ///< So did a run that consists of general trouble alone.
    bool was_pending_here = false;
    bool met_bad_signature = false;
    Mono ended_at{};                 ///< End of its last poll.
    Mono last_formed = Mono::min();  ///< The last answer in Attestr's form.
    bool met_genuine = false;
    bool met_end = false;
    bool is_durable = false;
    bool may_repeat = false;
    bool may_be_lost = false;
    std::vector<Record> earlier;      ///< The records of its earlier attempts.
    std::optional<Mono> retried;      ///< The deadline of a retry that was asked for.
    unsigned retries_asked = 0;       ///< That are not answered yet.
    unsigned readmissions_asked = 0;  ///< That are not answered yet.
    bool may_be_readmitted = false;   ///< A readmission was asked for.
    bool must_be_readmitted = false;
    bool is_readmitted = false;   ///< Its record has the result of a rejected one.
    bool was_readmitted = false;  ///< In this attempt or an earlier one.
    bool may_be_held = false;     ///< A hold was asked for.
    bool must_be_held = false;
    unsigned releases_asked = 0;     ///< That are not answered yet.
    bool may_be_cancelled = false;   ///< A cancel was asked for.
    bool is_cancelled_here = false;  ///< By the current process.

    bool has_ended() const { return !folder.empty() || may_repeat; }
  };

  static bool may_be_gone(const Life& life, const Record& record);
  void check_outcome(const HandshakeId& id, const Life& life, const std::string& folder,
                     const std::string& bytes);
  void check_result(const HandshakeId& id, const Life& life, const std::string& bytes);
  static void begin_attempt(Life& life, Mono deadline);
  Duration tolerance() const;
  bool is_deadline_certain(const Life& life) const;
  std::optional<bool> note_account(const HandshakeId& id, Mono now, const Upstream::Answer& answer);
  void note_witness(Life& life, Mono now, const Upstream::Answer& answer);
  void check_rejected(const HandshakeId& id, const Life& life, std::string_view reason) const;
  void check_failed(const HandshakeId& id, const Life& life, std::string_view reason) const;
  bool is_proven(const Life& life, Served kind) const;
  bool could_be_had(const HandshakeId& id, const Life& life) const;
  void note_refusal(Mono polled_at, Mono now);
  Duration longest_check() const;
  void hold_account(Mono now, Mono until);
  void check_canary(const HandshakeId& id, const Life& life, Mono now) const;
  bool is_better_canary(const Life& life, Mono now) const;
  void spend_rate(const HandshakeId& id, Mono now);
  void spend_request(const HandshakeId& id);
  [[noreturn]] static void violated(const HandshakeId& id, std::string what);

  const Upstream& upstream_;
  EngineSettings settings_;
  std::map<HandshakeId, Life> lives_;
  Mono rate_floor_{};
  std::int64_t day_ = 0;  // In Asia/Kolkata.
  std::uint64_t requests_today_ = 0;
  Span account_held_;  ///< No poll may start.
  bool is_account_in_trouble_ = false;
  bool must_be_paused_ = false;  ///< By an operator.
  unsigned resumes_asked_ = 0;   ///< That are not answered yet.
  AccountRun account_run_;
  Mono last_good_ = Mono::min();
  unsigned refusals_in_a_row_ = 0;  ///< Each of a poll that started after the one before.
  Mono last_refusal_ = Mono::min();
  std::size_t in_flight_ = 0;
  std::size_t canaries_ = 0;  ///< Those in flight.
  /// Their records have no mark of a repeat: of the first genuine result, and of the first one that
  /// was readmitted.
  std::optional<HandshakeId> first_skipped_[2];
  int jumps_ = 0;
  bool has_booted_ = false;
  Duration drift_{0};
};

}  // namespace attestrd::sim
