#pragma once

#include <cstddef>
#include <vector>

namespace attestrd::bench {

/// Returns a lower bound of mean delay (s) times mean polls, for every schedule that does not know
/// when a handshake will be done: (integral of sqrt(f S))^2 / 2 by Cauchy and Schwarz, with f the
/// density and S the survival function of the completion times. Both are estimated from
/// `completions_s` among `handshakes`, in bins with equal numbers of completions, which are narrow
/// where the density is high.
double delay_times_polls_bound(std::vector<double> completions_s, std::size_t handshakes);

}  // namespace attestrd::bench
