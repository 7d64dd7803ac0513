#include "cost/counted.h"
#include "cost/pending_engine.h"

namespace attestrd::cost {

std::size_t measure_engine(const char* name, std::size_t pending) {
  constexpr std::size_t kWarmUp = 2000;
  constexpr std::size_t kPolls = 4000;
  PendingEngine engine(pending);
  engine.play(kWarmUp);
  begin_measurement();
  engine.play(kPolls);
  end_measurement(name);
  return kPolls;
}

}  // namespace attestrd::cost
