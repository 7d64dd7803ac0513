#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace attestrd {

enum class Level : std::uint8_t { debug, info, warn, error };

/// The closed list of the events of the log. Each is declared once, in events.def.
enum class Event : std::uint8_t {
#define EVENT(enumerator, ...) enumerator,
#define EVENT_ALSO(...)
#include "log/events.def"
};

/// A row of the documentation. An event that is logged at two levels has two consecutive rows.
struct EventRow {
  Event event{};
  Level level{};
  std::string_view name;
  std::string_view sentence;
  std::string_view fields;  ///< In Markdown; empty: none.
};

/// Returns all rows, in the order of the manual.
std::span<const EventRow> event_rows();

/// Returns the level of the event's first row. A Notice has this level unless its author chose
/// another.
Level level_of(Event event);

std::string_view name_of(Event event);
std::string_view name_of(Level level);

}  // namespace attestrd
