#include "log/event.h"

#include "base/check.h"

namespace attestrd {
namespace {

constexpr EventRow kRows[] = {
#define EVENT(enumerator, level, name, sentence, fields) \
  {Event::enumerator, Level::level, name, sentence, fields},
#define EVENT_ALSO(enumerator, level, sentence, fields) \
  {Event::enumerator, Level::level, {}, sentence, fields},
#include "log/events.def"
};

const EventRow& row_of(Event event) {
  for (const EventRow& row : kRows)
    if (row.event == event) return row;
  check_failed("an event has a row", __FILE__, __LINE__);
}

}  // namespace

std::span<const EventRow> event_rows() { return kRows; }

Level level_of(Event event) { return row_of(event).level; }

std::string_view name_of(Event event) { return row_of(event).name; }

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  check_failed("a level has a name", __FILE__, __LINE__);
}

}  // namespace attestrd
