#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "handshake/finish.h"
#include "handshake/known_handshake.h"
#include "queue/queue_row.h"

namespace attestrd {

/// The node of a fleet that has a row: the owner of its shelf while it is polled, then the one with
/// the spool of its record.
struct RowNode {
  std::string name{};     ///< Empty: no node has it, or there is no fleet.
  std::string spool{};    ///< The UUID of its spool.
  bool is_alive = false;  ///< It polls what it has.
};

/// A row of a queue that several nodes share, with the node that has it.
struct LocatedRow {
  StoredRow row;
  RowNode node;
};

/// The state of an id, with the node that has its row.
struct LocatedHandshake {
  KnownHandshake known;
  RowNode node;
  Reason reason = Reason::none;  ///< Of the end of one that has ended.
};

/// A place in the list of all rows that are not done: those in `polling` in the order of shelves
/// and ids, then the staged ones in the order of ids. The default is the begin.
struct RowPlace {
  bool is_staged = false;
  std::int64_t shelf = 0;  ///< Not used among the staged ones.
  std::string id{};        ///< The rows after this id; empty: all of the shelf.
  bool operator==(const RowPlace&) const = default;
};

/// A query of one page of that list.
struct RowsQuery {
  RowPlace after{};
  std::size_t max_rows = 0;          ///< To look at.
  std::optional<std::string> tag{};  ///< Of the rows to return; absent: any, or none.
  std::string without_instance{};    ///< The rows that this process polls are not returned,
  std::string without_spool{};       ///< and those whose records are in this spool. Empty: all.
};

struct RowsPage {
  std::vector<LocatedRow> rows;
  std::optional<RowPlace> next;  ///< Absent: this is the last page.
};

/// The rows of a node that are not done.
struct NodeRows {
  std::string node{};  ///< Empty: of no node.
  std::uint64_t polling = 0;
  std::uint64_t staged = 0;
  std::optional<Wall> oldest_pending{};  ///< The earliest submission of a row in `polling`.
};

}  // namespace attestrd
