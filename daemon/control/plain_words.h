#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace attestrd {

// What people read.

/// `12s`, `5m 12s`, `2h 5m`, `3d 2h`: two units are enough for a person.
std::string rough(Duration duration);

/// `5m 12s ago`, `now` or `never`.
std::string ago(const std::optional<Wall>& time, Wall now);

/// `in 5m 12s`, or `now`.
std::string ahead(Wall time, Wall now);

/// A name and a value a line.
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
