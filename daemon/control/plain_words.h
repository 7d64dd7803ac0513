#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace attestrd {

// Formats of times and tables for people.

/// Formats a duration in at most two units, rounded down: `12s`, `5m 12s`, `2h 5m`, `3d 2h`.
std::string rough(Duration duration);

/// Returns `5m 12s ago`, `now` if the time is in the future, or `never` if there is none.
std::string ago(const std::optional<Wall>& time, Wall now);

/// Returns `in 5m 12s`, or `now` if the time is not in the future.
std::string ahead(Wall time, Wall now);

/// A text with one name and one value per line.
class TextRows {
 public:
  void add(std::string_view name, std::string_view value);
  void add(std::string_view name, std::uint64_t value) { add(name, std::to_string(value)); }
  void line(std::string_view text) { text_.append(text) += '\n'; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace attestrd
