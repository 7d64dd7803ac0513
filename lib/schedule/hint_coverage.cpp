#include "schedule/hint_coverage.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

// Hints count as reliable only after so many announced results.
constexpr double kLeastAnnounced = 20;

// The weight of a result falls to 1/e after this many.
constexpr double kMemory = 2000;
constexpr double kShortMemory = 20;

// The results without a hint that are assumed where none was seen. The polls of all handshakes
// together grow with the root of it.
constexpr double kPrior = 0.02;

// Up to this number, missing hints count as chance. While hints come, they are about twice as many
// as the expected results of those that are still pending, which have lost those that are done. So
// the sum falls by itself, and reaches the bound by chance in one of millions of its rises from
// zero.
constexpr double kMostMissing = 20;
constexpr Duration kCheckInterval = 1min;
// After a silence the latest results count as so many without a hint.
constexpr double kUnheard = 5;

// The share has grown much when the gaps between polls would be half as long.
constexpr double kMuch = 4;
constexpr Duration kReplanInterval = 1min;

// The longest gap is stretched while fewer results than these come without a hint.
constexpr double kRare = 0.01;

}  // namespace

void HintCoverage::Counts::add(bool is_announced, double memory) {
  announced *= 1 - 1 / memory;
  unannounced *= 1 - 1 / memory;
  (is_announced ? announced : unannounced) += 1;
}

void HintCoverage::Counts::move_to_announced() {
  const double moved = std::min(unannounced, 1.0);
  unannounced -= moved;
  announced += moved;
}

void HintCoverage::add_announced(Mono now) {
  all_.add(true, kMemory);
  latest_.add(true, kShortMemory);
  note_hint(now);
}

void HintCoverage::add_unannounced(std::uint64_t handshake) {
  all_.add(false, kMemory);
  latest_.add(false, kShortMemory);
  found_[next_found_] = handshake;
  next_found_ = (next_found_ + 1) % found_.size();
  update_share();
}

void HintCoverage::add_late(std::uint64_t handshake, Mono now) {
  const auto found = std::ranges::find(found_, handshake);
  if (handshake == 0 || found == found_.end()) return;
  *found = 0;
  all_.move_to_announced();
  latest_.move_to_announced();
  add_hint();
  note_hint(now);
}

void HintCoverage::note_hint(Mono now) {
  // After a silence the share of the latest results is learnt anew.
  if (is_silent_) latest_ = {0, kUnheard};
  if (std::exchange(is_silent_, false) || checked_at_ == Mono::min()) {
    checked_at_ = now;
    missing_ = hints_ = 0;
  }
  update_share();
  planned_ = std::min(planned_, share_);
}

bool HintCoverage::is_learnt() const { return all_.announced >= kLeastAnnounced; }

void HintCoverage::update_share() {
  share_ = 1;
  if (!is_heard()) return;
  const double all = all_.announced + all_.unannounced;
  const double latest = latest_.announced + latest_.unannounced;
  share_ = std::max((all_.unannounced + kPrior) / (all + kPrior),
                    std::max(latest_.unannounced - 1, 0.0) / latest);
}

bool HintCoverage::is_check_due(Mono now) const {
  return is_heard() && now >= checked_at_ + kCheckInterval;
}

void HintCoverage::check(Mono now, double expected_results) {
  const double expected_hints = expected_results * (1 - share_);
  missing_ = std::max(missing_ + expected_hints - std::exchange(hints_, 0), 0.0);
  checked_at_ = now;
  is_silent_ = missing_ >= kMostMissing;
  update_share();
}

bool HintCoverage::is_risen() const { return share_ >= kMuch * planned_; }

std::optional<Mono> HintCoverage::next() const {
  if (is_risen()) return replanned_at_ + kReplanInterval;
  if (!is_heard()) return std::nullopt;
  return checked_at_ + kCheckInterval;
}

bool HintCoverage::take_replan(Mono now) {
  if (!is_risen() || now < replanned_at_ + kReplanInterval) return false;
  planned_ = share_;
  replanned_at_ = now;
  return true;
}

Duration longest_gap(Duration wished, Duration hinted, double unannounced) {
  if (unannounced >= kRare || wished >= hinted) return wished;
  // The factor is bounded before it is applied, so that the product fits into a Duration.
  return std::min(hinted, scaled(wished, std::min(kRare / unannounced, 1e6)));
}

}  // namespace attestrd
