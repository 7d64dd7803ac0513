#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "handshake/handshake_id.h"
#include "poll/answer.h"
#include "poll/poller.h"
#include "simulation/luck.h"

namespace attestrd::sim {

/// The frequencies of each kind of fault, drawn for each seed, as shares of requests or handshakes.
struct Weather {
  double server = 0;     ///< 5xx, sometimes with Retry-After.
  double transport = 0;  ///< Resets, timeouts, broken framing.
  double garbage = 0;    ///< Complete answers that are not valid.
  double doubtful = 0;   ///< A wrong `_id`, a duplicate key, an invalid signature.
  double unknown = 0;    ///< 404 for an existing handshake.
  double dateless = 0;   ///< Answers without a Date.
  Duration latency{0};
  double misdated = 0;  ///< Answers with a Date in the past.
  double poisoned = 0;  ///< Handshakes that get the same useless answer for ever.
  double skipped = 0;   ///< Results without an output: all of them are equal.
  double replayed = 0;  ///< Results of which another's, delivered before, takes the place.
};

/// The kind of answer to a poll, as the judge counts it.
enum class Served : std::uint8_t {
  pending,     ///< Not consumed.
  unfinished,  ///< Consumed, but no result yet.
  genuine,     ///< The result, correctly signed.
  replayed,    ///< The result of another handshake, correctly signed.
  archived,    ///< Archived without a result.
  unknown,
  doubtful,
  garbage,
  server,
  refused,  ///< For the rate of the polls.
  account,  ///< All other trouble of the account.
  transport,
};

/// Trouble that all handshakes meet for a while, and that ends by itself.
enum class General : std::uint8_t {
  html_not_found,  ///< A proxy answers each poll with a 404 of its own.
  bad_signature,   ///< A deploy gone wrong, as are all those below.
  wrong_id,
  duplicate_key,
  unknown,
  archived,
};
inline constexpr std::size_t kGenerals = 6;

/// The simulated Attestr: the progress of each user, and the answer to each poll. It shares with
/// the daemon only the types of the Poller interface.
class Upstream {
 public:
  struct Answer {
    Served served{};
    unsigned status = 200;
    std::string body;
    std::string retry_after;
    std::string date;
    bool is_misdated = false;
    std::optional<Duration> retry_after_time;
    std::optional<TransportFailure> failure;
    bool is_general = false;           ///< Every poll gets an answer of this kind now.
    bool is_signed_otherwise = false;  ///< See Fate.
  };
  struct Fate {
    Mono known_from = Mono::min();
    Mono consumed_at = Mono::max();
    Mono result_at = Mono::max();
    Mono archived_at = Mono::max();
    bool is_forged = false;
    bool is_forbidden = false;  ///< For ever; so is the next.
    bool is_html_not_found = false;
    bool is_skipped = false;
    std::string genuine;           ///< The only correct answer, once there is a result.
    std::string signed_otherwise;  ///< The same, signed with kOtherSecret.
  };

  explicit Upstream(Luck& luck) : luck_(luck) {}

  void enrol(const HandshakeId& id, Mono now, Duration patience);
  Answer answer(const HandshakeId& id, Mono now, Wall true_wall);
  const Fate& fate(const HandshakeId& id) const { return fates_.at(id); }
  /// The result of the handshake was delivered: from now on it may be sent for others.
  void delivered(const HandshakeId& id, const std::string& record);

  Weather weather;
  Duration crowd{0};                          ///< Users finish at multiples of it; 0: at any time.
  std::optional<AccountTrouble::Kind> spell;  ///< Account trouble that every poll meets.
  std::optional<General> general;

 private:
  void say_trouble_of_account(Answer& answer, AccountTrouble::Kind kind);
  bool say_trouble(Answer& answer);
  static bool say_poison(const Fate& fate, Answer& answer);
  static void say_signed_otherwise(const Fate& fate, Answer& answer);
  void say_general(const HandshakeId& id, Answer& answer);
  void say_replayed(const HandshakeId& id, Answer& answer);
  void say_truth(const HandshakeId& id, const Fate& fate, Mono now, Answer& answer);
  void ask_for_patience(Answer& answer);

  Luck& luck_;
  std::map<HandshakeId, Fate> fates_;
  std::vector<HandshakeId> delivered_;  ///< With an output.
};

inline constexpr std::string_view kClientSecret = "the client secret of the simulation";
/// A secret that the daemon does not have when it polls.
inline constexpr std::string_view kOtherSecret = "another client secret of the simulation";

}  // namespace attestrd::sim
