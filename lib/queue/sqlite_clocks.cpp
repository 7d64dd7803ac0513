#include "queue/sqlite_clocks.h"

#include <chrono>
#include <string>
#include <string_view>

namespace attestrd {
namespace {

constexpr const char* kSave =
    "INSERT OR REPLACE INTO boot (number, id, mono_us, wall_us, shift_us, running_us) "
    "VALUES (?, ?, ?, ?, ?, ?)";
constexpr const char* kRead = "SELECT number, id, mono_us, wall_us, shift_us, running_us FROM boot";

}  // namespace

Result<void> SqliteClocks::read() {
  auto row = database_.prepare(kRead);
  if (!row) return row.error();
  clocks_.clear();
  for (;;) {
    const auto is_there = row->step();
    if (!is_there) return is_there.error();
    if (!*is_there) return {};
    const Now reading{Mono(Duration(row->number(2))), Wall(Duration(row->number(3)))};
    clocks_[row->number(0)] = {row->number(0), std::string(row->text(1)), reading,
                               Duration(row->number(4)), Duration(row->number(5))};
  }
}

Result<void> SqliteClocks::save(const BootClock& clock) {
  auto save = database_.prepare(kSave);
  if (!save) return save.error();
  const auto saved = save->bind(clock.number)
                         .bind(std::string_view(clock.id))
                         .bind(clock.reading.mono.time_since_epoch().count())
                         .bind(clock.reading.wall.time_since_epoch().count())
                         .bind(clock.shift.count())
                         .bind(clock.running.count())
                         .run();
  if (!saved) return saved.error();
  clocks_[clock.number] = clock;
  return {};
}

std::vector<BootClock> SqliteClocks::all() const {
  std::vector<BootClock> clocks;
  for (const auto& [number, clock] : clocks_) clocks.push_back(clock);
  return clocks;
}

Duration SqliteClocks::shift_of(std::int64_t boot) const {
  const auto clock = clocks_.find(boot);
  if (clock == clocks_.end()) return Duration(0);
  return std::chrono::floor<std::chrono::milliseconds>(clock->second.shift);
}

Duration SqliteClocks::running() const {
  return clocks_.empty() ? Duration(0) : clocks_.rbegin()->second.running;
}

}  // namespace attestrd
