#include "daemon/config/units.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace attestrd {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kDurationUnits = {
    Unit{"ms", 1'000},        Unit{"s", 1'000'000},      Unit{"m", 60'000'000},
    Unit{"h", 3'600'000'000}, Unit{"d", 86'400'000'000},
};

constexpr std::array kSizeUnits = {
    Unit{"", 1},
    Unit{"KiB", std::uint64_t{1} << 10},
    Unit{"MiB", std::uint64_t{1} << 20},
    Unit{"GiB", std::uint64_t{1} << 30},
};

constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units) {
  std::uint64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (count > kMost / unit.factor) return std::nullopt;
    return count * unit.factor;
  }
  return std::nullopt;
}

std::string format_quantity(std::uint64_t quantity, std::span<const Unit> units) {
  const Unit* unit = units.data();
  for (const Unit& larger : units) {
    if (quantity != 0 && quantity % larger.factor == 0) unit = &larger;
  }
  return std::to_string(quantity / unit->factor).append(unit->name);
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto microseconds = parse_quantity(text, kDurationUnits);
  if (!microseconds) return std::nullopt;
  return Duration(static_cast<Duration::rep>(*microseconds));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse_quantity(text, kSizeUnits);
}

std::string format_duration(Duration duration) {
  if (duration == Duration(0)) return "0s";
  return format_quantity(static_cast<std::uint64_t>(duration.count()), kDurationUnits);
}

std::string format_size(std::uint64_t bytes) { return format_quantity(bytes, kSizeUnits); }

}  // namespace attestrd
