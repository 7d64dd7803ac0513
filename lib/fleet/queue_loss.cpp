#include "fleet/queue_loss.h"

#include <utility>

namespace attestrd {
namespace {

// The queue looks at once when a beat notices a loss. If it finds nothing, only beats were lost.
constexpr int kBeatsUntilFound = 2;

}  // namespace

LossWatch::News LossWatch::observe(const QueueLoss& loss) {
  const auto before = std::exchange(seen_, loss);
  const bool is_found_now = loss.found > before.found;
  News news;
  if (loss.is_behind || is_found_now) {
    news.is_found = !is_open_;
    is_open_ = true;
    beats_ = 0;
  }
  if (loss.repaired > before.repaired && loss.repaired == loss.found) {
    news.repaired = Repaired{loss.rows - before.rows, loss.missing};
    is_open_ = false;
  } else if (is_open_ && loss.repaired == loss.found && beats_++ >= kBeatsUntilFound) {
    is_open_ = false;
  }
  return news;
}

}  // namespace attestrd
