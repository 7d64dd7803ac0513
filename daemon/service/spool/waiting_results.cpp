#include "daemon/service/spool/waiting_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/limits.h"
#include "runtime/system_clock.h"
#include "spool/posix_record_count.h"
#include "spool/spool.h"

namespace attestrd {

std::string WaitingResults::folder() const {
  return (config_.paths.spool / folder_of(Outcome::completed)).string();
}

void WaitingResults::count_at_start() {
  if (most() > 0) apply(count_records(folder(), most()), most());
}

void WaitingResults::check(Mono now) {
  if (is_counting_) return;
  const auto most = this->most();
  if (most == 0) return apply(0, 0);
  if (now < next_count_) return;
  is_counting_ = true;
  struct Counted {
    Result<std::uint64_t> waiting{0};
    Duration took{0};
  };
  const auto counted = std::make_shared<Counted>();
  counter_.run(
      [counted, folder = folder(), most] {
        const Mono began = read_clocks().mono;
        counted->waiting = count_records(folder, most);
        counted->took = read_clocks().mono - began;
      },
      [this, counted, most] {
        is_counting_ = false;
        next_count_ =
            read_clocks().mono + std::max<Duration>(limits::kWaitingCountInterval,
                                                    counted->took * limits::kWaitingCountShare);
        if (most == this->most()) apply(counted->waiting, most);
      });
}

/// A count that failed changes nothing.
void WaitingResults::apply(const Result<std::uint64_t>& waiting, std::uint64_t most) {
  if (!waiting || !limit_.update(*waiting, most)) return;
  Notice notice(is_full() ? Event::intake_stopped : Event::intake_resumed);
  notice.message =
      is_full() ? fmt::format(
                      "{} records wait in results/, as many as spool.max_waiting allows: "
                      "submissions wait in the inbox until consumers take records",
                      *waiting)
                : "consumers have taken records from results/: submissions are accepted again";
  notice.count = *waiting;
  notices_.say(notice);
  if (is_full())
    scans_.pause();
  else
    scans_.resume();
}

}  // namespace attestrd
