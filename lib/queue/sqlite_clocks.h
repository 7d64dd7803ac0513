#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/result.h"
#include "queue/boot_clock.h"
#include "queue/sqlite_database.h"

namespace attestrd {

/// The clocks of the boots in the queue file, which are all kept in memory too.
class SqliteClocks {
 public:
  explicit SqliteClocks(SqliteDatabase& database) : database_(database) {}

  /// Reads the clocks from the file: at first, and after a transaction that saved one was rolled
  /// back.
  Result<void> read();
  Result<void> save(const BootClock& clock);

  std::vector<BootClock> all() const;
  /// Returns the shift of a boot in whole milliseconds, the precision of the times in the file.
  Duration shift_of(std::int64_t boot) const;
  /// Returns the time that attestrd has run on this queue, as of the last clock that was saved.
  Duration running() const;

 private:
  SqliteDatabase& database_;
  std::map<std::int64_t, BootClock> clocks_;  ///< By number.
};

}  // namespace attestrd
