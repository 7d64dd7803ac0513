#pragma once

#include <cstdint>
#include <string>

#include "engine/command.h"

namespace attestrd {

enum class AgeColumns : std::uint8_t {
  all,
  stored,  ///< Those that the queue file has: the total, and those that an operator holds.
};

/// Returns the table for programs: one JSON object per range of ages.
std::string ages_json(const AgeTable& table, AgeColumns columns = AgeColumns::all);

/// Returns the titles of the columns of ages_text().
std::string ages_header(AgeColumns columns = AgeColumns::all);

/// Returns the table for people: a line per range of ages, and one with the sums.
std::string ages_text(const AgeTable& table, AgeColumns columns = AgeColumns::all);

}  // namespace attestrd
