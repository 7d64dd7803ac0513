#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "engine/explanation.h"
#include "engine/list/age_table.h"
#include "handshake/handshake_id.h"

namespace attestrd {

/// The state of a handshake in a list.
enum class ListedState : std::uint8_t {
  waiting,  ///< It is not due yet.
  due,      ///< It is due, and waits for its turn.
  polling,  ///< A poll of it is in flight.
  held,     ///< An operator holds it.
  ending,   ///< It has ended; its record is being written.
};

/// The handshakes that a list or a count is about: those that match all members.
struct ListFilter {
  std::optional<ListedState> state{};    ///< Absent: any.
  std::optional<std::string> tag{};      ///< The given tag; absent: any, or none.
  std::optional<Duration> older_than{};  ///< Since the submission.
  std::optional<Wall> submitted_before{};
  std::optional<Wall> due_before{};  ///< Their next polls are planned for an earlier time.
};

/// A query of one page of the list of handshakes. The answer is a `ListPage`. Pages are bounded in
/// the rows that they have and in the handshakes that they look at, so that none takes long. A
/// handshake that is pending from the first page to the last is in exactly one of them, if it
/// matches when it is looked at.
struct ListCommand {
  static constexpr std::uint32_t kSlotsPerPage = 2048;
  static constexpr std::size_t kRowsPerPage = 64;

  ListFilter filter;
  std::uint32_t from = 0;  ///< `ListPage::next` of the page before; 0: the first page.
};

struct ListedHandshake {
  HandshakeId id;
  ListedState state{};
  Explanation why;  ///< Without `expected_polls`, which takes too long to compute for many.
};

struct ListPage {
  std::vector<ListedHandshake> rows;
  std::optional<std::uint32_t> next;  ///< Absent: this is the last page.
};

/// A query of the numbers of pending handshakes by age and by time until the next poll, for one
/// page of the handshakes. The answer is an `AgesPage`.
struct AgesCommand {
  static constexpr std::uint32_t kSlotsPerPage = 8192;

  std::uint32_t from = 0;  ///< `AgesPage::next` of the page before; 0: the first page.
};

struct AgesPage {
  AgeTable table;
  std::optional<std::uint32_t> next;  ///< Absent: this is the last page.
};

}  // namespace attestrd
