#pragma once

#include <cstddef>
#include <vector>

namespace attestrd::bench {

/// The least that mean delay (s) times mean polls can be, for any schedule that does not know when
/// a handshake will be done: (integral of sqrt(f S))^2 / 2 by Cauchy and Schwarz, with f the
/// density and S the survival of completion times. Both are taken from `completions_s` among
/// `handshakes`, in bins of as many completions each, so that the bins are narrow where there is
/// something to see.
double delay_times_polls_bound(std::vector<double> completions_s, std::size_t handshakes);

}  // namespace attestrd::bench
