#include "daemon/control/plain_words.h"

#include <fmt/format.h>

#include <chrono>

namespace attestrd {

std::string rough(Duration duration) {
  using namespace std::chrono;
  const auto total = floor<seconds>(duration).count();
  const auto d = total / 86'400, h = total / 3'600 % 24, m = total / 60 % 60, s = total % 60;
  if (d > 0) return fmt::format("{}d {}h", d, h);
  if (h > 0) return fmt::format("{}h {}m", h, m);
  if (m > 0) return fmt::format("{}m {}s", m, s);
  return fmt::format("{}s", s);
}

std::string ago(const std::optional<Wall>& time, Wall now) {
  if (!time) return "never";
  return *time > now ? "now" : rough(now - *time) + " ago";
}

std::string ahead(Wall time, Wall now) { return time <= now ? "now" : "in " + rough(time - now); }

void TextRows::add(std::string_view name, std::string_view value) {
  text_ += fmt::format("{:<22}{}\n", name, value);
}

}  // namespace attestrd
