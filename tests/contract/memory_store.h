#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/account_day.h"
#include "handshake/handshake.h"
#include "handshake/row_change.h"
#include "queue/boot_clock.h"
#include "queue/operator_pause.h"
#include "schedule/hazard.h"

namespace attestrd::test {

/// Rows that outlive the queues which are open on them, shared by named owners. Each row in
/// `polling` belongs to a shelf (a partition), and each shelf has one owner.
struct MemoryStore {
  struct Open {
    QueuedHandshake row;
    std::size_t shelf = 0;
    std::optional<StagedHandshake> staged;
    std::string spool;  ///< The owner whose staging/ holds the record of a staged row.
    std::optional<SignaturePrefix> signature{};
  };
  struct Tombstone {
    Outcome outcome{};
    Wall finished_at{};
    Duration running{0};  ///< The running time at which it was written.
    std::string diverted_to{};
    std::string tag{};
    std::uint32_t attempt = 0;
    std::optional<SignaturePrefix> signature{};
  };
  struct Shelf {
    std::string owner;
    std::uint64_t generation = 0;  ///< Identifies the owner's process that may change rows.
  };

  /// Starts a new process of an owner and returns its generation. The owner's previous process, if
  /// it still runs, can change no row from now on.
  std::uint64_t begin(const std::string& owner) {
    ++last_generation;
    bool has_shelf = false;
    for (auto& shelf : shelves) {
      if (shelf.owner != owner) continue;
      shelf.generation = last_generation;
      has_shelf = true;
    }
    if (!has_shelf) shelves.push_back({owner, last_generation});
    return last_generation;
  }

  /// Declares `from` dead: its rows now belong to the process `generation` of `to`.
  void take_over(const std::string& from, const std::string& to, std::uint64_t generation) {
    for (auto& shelf : shelves)
      if (shelf.owner == from) shelf = {to, generation};
  }

  bool owns(const std::string& owner, std::uint64_t generation, const Open& row) const {
    const auto& shelf = shelves[row.shelf];
    return shelf.owner == owner && shelf.generation == generation;
  }

  /// Returns the shelf for new rows of an owner: shelf 0, which is another owner's, once it has
  /// lost its own.
  std::size_t shelf_for(const std::string& owner) const {
    const auto own = std::ranges::find(shelves, owner, &Shelf::owner);
    return own == shelves.end() ? 0 : static_cast<std::size_t>(own - shelves.begin());
  }

  /// Returns the most requests that an owner may reserve, given the reservations of the others.
  std::uint64_t left_for(const std::string& owner, AccountDay day) const {
    std::uint64_t left = daily_limit;
    for (const auto& [name, requests] : reserved)
      if (name != owner && requests.day == day) left -= std::min(left, requests.requests);
    return left;
  }

  std::map<std::int64_t, BootClock> clocks;  ///< By number.
  std::map<HandshakeId, Open> open;
  std::map<HandshakeId, Tombstone> ended;
  std::map<std::string, DayRequests> reserved;  ///< By owner.
  std::map<std::string, Hazard> learnt;         ///< By owner.
  OperatorPause pause;
  std::vector<Shelf> shelves;
  std::uint64_t last_generation = 0;
  std::uint64_t daily_limit = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace attestrd::test
