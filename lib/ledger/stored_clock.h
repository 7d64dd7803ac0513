#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "queue/boot_clock.h"

namespace attestrd {

/// The current boot of the machine.
struct Boot {
  std::string id;   ///< The system's name of it; empty: unknown, then no earlier boot is this one.
  Wall earliest{};  ///< An earlier wall clock is not believed: the release's date.
};

/// The rule by which stored times are trusted. The wall clock may be wrong when a time is stored;
/// the clock for waiting is not, but its values mean nothing in another boot.
///
///   - A time that was stored in this boot is put right whenever the wall clock jumps, also between
///     two processes: the submissions of this boot keep their ages.
///   - A time of an earlier boot stays as that boot left it. If that boot never had a clock that
///     can be believed, it counts as having ended when this boot began.
///   - Tombstones age by running time, which no clock can move.
class StoredClock {
 public:
  StoredClock() = default;
  /// `known` are the clocks of all boots that the queue stores, in the order of their numbers.
  StoredClock(std::vector<BootClock> known, const Boot& boot, Now now);

  /// Notices a jump of the wall clock, and counts the running time. Must precede each write.
  void advance(Now now);

  /// Returns what must be written with the next batch, or nothing.
  std::vector<BootClock> unsaved() const;
  /// Must be called when what unsaved() returned has been written, before the next advance().
  void saved() { unsaved_from_ = boots_.size(); }

  std::int64_t boot() const { return boots_.empty() ? 0 : boots_.back().number; }
  Duration running() const { return boots_.empty() ? Duration(0) : boots_.back().running; }
  /// Returns when a submission of this boot was made, by the clock for waiting.
  Mono measured(Wall submitted_at) const {
    return Mono(submitted_at.time_since_epoch() - clock_basis(boots_.back().reading));
  }
  /// Returns whether the start found another boot than the one before, or a jump: the wall clock
  /// may be wrong.
  bool is_doubtful_at_start() const { return is_doubtful_at_start_; }

 private:
  bool notice_jump(Now now);
  void put_earlier_boots_right(Now now);
  void mark_unsaved(std::size_t index);

  std::vector<BootClock> boots_;  // The last is the current one.
  Wall earliest_{};
  Mono counted_up_to_;            // The running time is counted up to here.
  std::size_t unsaved_from_ = 0;  // The boots from this index on are not saved.
  bool is_doubtful_at_start_ = false;
};

}  // namespace attestrd
