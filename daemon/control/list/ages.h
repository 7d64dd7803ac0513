#pragma once

#include <string>

#include "engine/command.h"

namespace attestrd {

/// Returns the table for programs: one JSON object per range of ages.
std::string ages_json(const AgeTable& table);

/// Returns the titles of the columns of ages_text().
std::string ages_header();

/// Returns the table for people: a line per range of ages, and one with the sums.
std::string ages_text(const AgeTable& table);

}  // namespace attestrd
