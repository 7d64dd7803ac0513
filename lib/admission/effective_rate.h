#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace attestrd {

/// The requests per second that the server allows, as its answers show them, at most the configured
/// ones. The rate falls when the server refuses a poll for the rate, and grows with good answers as
/// CUBIC does (RFC 9438): fast at first, hardly at all near the rate that was refused, and faster
/// again once that one holds. Polls are therefore seldom refused, and a server that allows more is
/// noticed within minutes. After a refusal with Retry-After no poll starts for a time: the longer
/// that is, the longer is the time until the refused rate is tried again.
///
/// The rate grows by good answers and not by time, so that it grows only as far as it is used.
class EffectiveRate {
 public:
  /// Sets the configured rate; 0: no limit. A new one is tried at once, whatever was refused
  /// before.
  void set_configured(double requests_per_second);

  double configured() const { return configured_; }
  /// Returns the rate, in requests per second; 0: no limit.
  double value() const { return is_lowered_ ? rate_ : configured_; }
  bool is_lowered() const { return is_lowered_; }

  /// Records that a poll ended. A call of good() or refused() about this poll may follow.
  void poll_ended();
  void good(Mono now);
  /// Records a refusal; `others_in_flight` polls began before it was known. Returns false if the
  /// rate can't fall further: it is limits::kLeastRate, or the configured rate if that is lower.
  bool refused(Mono now, std::optional<Duration> retry_after, std::size_t others_in_flight);

 private:
  double most() const;
  double floor() const;
  double grown() const;
  void begin_second(Mono now);
  double recent(Mono now);

  double configured_ = 0;
  Mono second_began_ = Mono::min();
  std::uint32_t this_second_ = 0;  // Good answers since then,
  std::uint32_t last_second_ = 0;  // and in the second before.

  bool is_lowered_ = false;
  // The members below are valid while the rate is lowered.
  double rate_ = 0;
  double least_ = 0;              // The rate after the last refusal,
  double refused_ = 0;            // and the one that was refused.
  double period_s_ = 0;           // The time from the one to the other, if all of it is used.
  double used_s_ = 0;             // The part of this time that was used.
  std::uint32_t good_ = 0;        // Good answers since the last refusal.
  std::size_t polls_before_ = 0;  // Polls in flight that began before it.
  bool is_before_ = false;        // The poll that ended last is one of them.
};

}  // namespace attestrd
