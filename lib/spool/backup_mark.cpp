#include "spool/backup_mark.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

namespace attestrd {
namespace {

constexpr std::string_view kMark = ".backup-";

/// Returns the number in the name of a mark; 0: it is no mark.
std::uint64_t number_of(std::string_view name) {
  if (!name.starts_with(kMark)) return 0;
  name.remove_prefix(kMark.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

}  // namespace

Result<std::uint64_t> make_backup_mark(Directory& spool_root) {
  const auto names = spool_root.list();
  if (!names) return names.error();
  std::uint64_t number = 1;
  for (const auto& name : *names) number = std::max(number, number_of(name) + 1);
  const auto made = spool_root.create(std::string(kMark) + std::to_string(number), "");
  const auto synced = made ? spool_root.sync() : made;
  if (!synced) return synced.error();
  // An old mark that stays says less than the new one.
  for (const auto& name : *names)
    if (number_of(name) > 0) static_cast<void>(spool_root.remove(name));
  return number;
}

Result<std::uint64_t> last_backup_mark(Directory& spool_root) {
  const auto names = spool_root.list();
  if (!names) return names.error();
  std::uint64_t last = 0;
  for (const auto& name : *names) last = std::max(last, number_of(name));
  return last;
}

}  // namespace attestrd
