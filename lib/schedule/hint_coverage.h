#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace attestrd {

/// How many of the results are announced by hints, as learnt from the results themselves. A hint is
/// a message that a handshake may be done, from a source that may fail. While hints announce every
/// result, a handshake without a hint is polled rarely. When hints get lost, it is polled more
/// often, by the share of results that no hint announced.
///
/// That hints have stopped, altogether or in part, is detected by missing hints: the results that
/// the hazard expects should have been announced. The polls alone would detect it much later, since
/// they have become rare. Missing hints are summed up by Page's test (1954), in which deviations by
/// chance do not accumulate.
///
/// One lost hint is no proof: the share of the latest results rises from the second one on. A
/// result that a poll found just before its hint came counts as announced once the hint is there.
class HintCoverage {
 public:
  /// Counts the first hint for a pending handshake, before a poll shows whether it is right.
  void add_hint() { ++hints_; }
  /// Adds a result that a poll found after a hint.
  void add_announced(Mono now);
  /// Adds a result that a poll found without a hint. `handshake` is a hash of its id.
  void add_unannounced(std::uint64_t handshake);
  /// Handles a hint for a handshake that is not pending: it may be that of a result that a poll
  /// found just before.
  void add_late(std::uint64_t handshake, Mono now);

  /// Returns the share of results that no hint announces: above 0, and 1 while too few hints are
  /// known.
  double unannounced() const { return share_; }

  /// Returns when is_check_due() or take_replan() may return true, or nothing if only an event can
  /// change that.
  std::optional<Mono> next() const;

  /// Returns whether check() is to be called: about once a minute.
  bool is_check_due(Mono now) const;
  /// Compares the hints since checked_at() with the number of results expected since then of the
  /// handshakes that are still pending without a hint. If too many hints are missing, no hint
  /// counts as reliable until the next result that one announces.
  void check(Mono now, double expected_results);
  /// Returns the time of the last check. Valid while a check is due.
  Mono checked_at() const { return checked_at_; }

  /// Returns whether the polls of all waiting handshakes must be planned anew, because the share
  /// has grown much since they were planned. It does so at most once a minute.
  bool take_replan(Mono now);

 private:
  /// Numbers of results, of which older ones weigh less.
  struct Counts {
    double announced = 0;
    double unannounced = 0;

    void add(bool is_announced, double memory);
    void move_to_announced();
  };

  bool is_learnt() const;
  bool is_heard() const { return is_learnt() && !is_silent_; }
  bool is_risen() const;
  void note_hint(Mono now);
  void update_share();

  Counts all_;     // Of the last thousands of results.
  Counts latest_;  // Of the last few.
  double share_ = 1;
  std::uint32_t hints_ = 0;  // Since the last check.
  Mono checked_at_ = Mono::min();
  double missing_ = 0;      // Hints that did not come though they were expected.
  bool is_silent_ = false;  // Too many are missing.
  double planned_ = 1;      // The least share since the waiting handshakes were planned.
  Mono replanned_at_ = Mono::min();
  std::array<std::uint64_t, 256> found_{};  // The last results without a hint; 0: none.
  std::size_t next_found_ = 0;
};

/// Returns the longest gap between two polls: `wished`, or up to `hinted` while hints announce
/// nearly all results.
Duration longest_gap(Duration wished, Duration hinted, double unannounced);

}  // namespace attestrd
