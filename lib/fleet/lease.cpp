#include "fleet/lease.h"

#include <algorithm>

namespace attestrd {

namespace {

// The clocks of two machines run at different speeds: with 0.9 of the lease for its owner and 1.1
// for the others, they may differ by 20 %.
constexpr double kShareOfOwner = 0.9;

}  // namespace

void Lease::renewed(Mono sent_at) {
  const Mono ends_at = sent_at + scaled(length_, kShareOfOwner);
  ends_at_ = std::max(ends_at, ends_at_.value_or(ends_at));
}

}  // namespace attestrd
