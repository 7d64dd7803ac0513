#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
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
  void taken(const HandshakeId& id);
  /// Returns the bytes that a folder contains now under the name of a record; nothing if there is
  /// no such file.
  using Look =
      std::function<std::optional<std::string>(const std::string& folder, const HandshakeId& id)>;
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
  struct Life {
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
    unsigned doubts = 0;
    unsigned most_doubts = 0;
    Mono unknown_since = Mono::max();
    bool was_unknown_long = false;
    bool met_archived = false;
    bool met_genuine = false;
    bool met_end = false;
    std::string folder;  ///< The folder of its record; empty: not published.
    std::string bytes;
    bool is_durable = false;
    bool is_taken = false;
    bool may_repeat = false;
    bool may_be_lost = false;
  };

  void check_outcome(const HandshakeId& id, const Life& life, const std::string& folder,
                     const std::string& bytes) const;
  bool is_deadline_certain(const Life& life) const;
  std::optional<bool> note_account(Served served);
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
  unsigned refusals_in_a_row_ = 0;  ///< Each of a poll that started after the one before.
  Mono last_refusal_ = Mono::min();
  std::size_t in_flight_ = 0;
  std::size_t canaries_ = 0;  ///< Those in flight.
  int jumps_ = 0;
  bool has_booted_ = false;
  Duration drift_{0};
};

}  // namespace attestrd::sim
