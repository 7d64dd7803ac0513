#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/limits.h"
#include "base/time.h"

namespace attestrd {

/// The fault of an answer that may end its handshake without a verified result.
enum class Charge : std::uint8_t {
  none,               ///< The handshake was answered well.
  unknown,            ///< Attestr does not know the handshake.
  archived,           ///< Its result is archived.
  wrong_id,           ///< The answer has the id of another handshake.
  duplicate_key,      ///< The answer has a key twice.
  invalid_signature,  ///< No client secret matches the signature of the result.
  tag_mismatch,       ///< The tag is not the one given at submission.
  other,              ///< No usable answer: nothing can be concluded from it.
};

/// The party that a charge is held against.
enum class Blame : std::uint8_t {
  handshake,  ///< Others are answered well: the trouble is that of this handshake.
  account,    ///< None, or the minority, is answered well: the trouble may be that of all.
  nobody,     ///< No other handshake was asked: the trouble may be either.
};

/// The last answers of different handshakes, newest last. Never allocates.
class RecentAnswers {
 public:
  void add(std::uint32_t handshake, Charge charge, Mono now);
  /// Keeps the answer of a handshake that has ended as that of a handshake of its own.
  void forget(std::uint32_t handshake);

  /// Returns the number of other handshakes whose answer of this charge came at `since` or later.
  std::size_t others(std::uint32_t handshake, Charge charge, Mono since) const;
  /// Returns the time of the last answer of this charge to another handshake at `since` or later;
  /// Mono::min(): there is none.
  Mono last_of_others(std::uint32_t handshake, Charge charge, Mono since) const;
  /// Returns the time of the last answer of the handshake; Mono::min(): it is not among them.
  Mono last_of(std::uint32_t handshake) const;
  /// Returns whether another handshake was answered in any way at `since` or later.
  bool has_others(std::uint32_t handshake, Mono since) const;

 private:
  static constexpr std::uint32_t kEnded = UINT32_MAX;

  struct Answer {
    Mono at = Mono::min();
    std::uint32_t handshake = kEnded;
    Charge charge = Charge::other;
  };

  std::array<Answer, limits::kWitnesses> answers_{};
  std::size_t latest_ = 0;
  std::size_t next_ = 0;  // The oldest entry, which the next handshake replaces.
};

/// The judgement of blame: whether a charge concerns one handshake, or all of them. Trouble of all
/// must not end a handshake, since a result that is never fetched is lost.
///
/// A charge is held against a handshake only if another one was answered well in the same respect
/// since the first answer of this charge: a "not yet" of another proves nothing about the secret.
/// Where each answer is a witness, the good one must be younger than the last of this handshake;
/// where only some are, younger than the last that had the same trouble lately. If most of those
/// that were asked lately have the same trouble, it is that of all.
class Witnesses {
 public:
  using Handshake = std::uint32_t;

  struct Times {
    Mono since;   ///< The first answer of this charge in a row.
    Mono lately;  ///< The same trouble of others counts from here on.
  };

  /// Records an answer in the respects that do not concern a result.
  void answered(Handshake handshake, Charge charge, Mono now) {
    answers_.add(handshake, charge, now);
  }
  /// Records a check of a signature. Returns whether this changed signatures_fail().
  bool signature_checked(Handshake handshake, bool holds, Mono now);
  /// Records a comparison of a tag with the one that was given.
  void tag_compared(Handshake handshake, bool is_equal, Mono now);
  void forget(Handshake handshake);

  Blame blame(Handshake handshake, Charge charge, const Times& times) const;

  /// Returns whether the signatures of limits::kFailingSignatures different handshakes failed since
  /// one held: the client secret or the signing form may be wrong.
  bool signatures_fail() const { return signatures_fail_; }
  /// Returns when a signature held last; Mono::min(): never.
  Mono last_held() const { return last_held_; }

 private:
  const RecentAnswers& answers_about(Charge charge) const;

  RecentAnswers answers_;
  RecentAnswers signatures_;
  RecentAnswers tags_;
  Mono last_held_ = Mono::min();
  bool signatures_fail_ = false;
};

/// The other handshakes, as witnesses for one.
struct Peers {
  const Witnesses& witnesses;
  Witnesses::Handshake handshake = 0;
};

}  // namespace attestrd
