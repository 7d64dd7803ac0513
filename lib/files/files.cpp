#include "files/files.h"

#include <array>

#include "base/escape.h"
#include "base/text.h"

namespace attestrd {
namespace {

// A name may have 255 bytes (NAME_MAX): this bound leaves space for a number.
constexpr std::size_t kHarmlessNameBytes = 200;

constexpr CharSet kHarmless = kLettersAndDigits | CharSet("._-+=,@");

/// More names that can't be inspected are a fault of the disk, not of one name.
constexpr unsigned kMostUninspected = 1024;

/// If this number is in use, the names have gaps, which another user has left on purpose.
constexpr unsigned kMostDoubled = 1U << 20;

/// A check whether numbered names are free.
class NumberedNames {
 public:
  NumberedNames(Directory& folder, std::string_view name, std::string_view ending)
      : folder_(folder), name_(name), ending_(ending) {}

  /// A name that can't be inspected is in use.
  Result<bool> is_free(unsigned number) {
    const auto name = numbered_name(name_, number, ending_);
    if (folder_.is_mounted_on(name)) return false;
    const auto info = folder_.inspect(name);
    if (info) return false;
    if (info.error().code == Errc::not_found) return true;
    if (++uninspected_ > kMostUninspected) return info.error();
    return false;
  }

 private:
  Directory& folder_;
  std::string_view name_;
  std::string_view ending_;
  unsigned uninspected_ = 0;
};

/// Returns the lowest free number, which takes a check of each name in use.
Result<unsigned> lowest_free(NumberedNames& names) {
  for (unsigned number = 1;; ++number) {
    const auto is_free = names.is_free(number);
    if (!is_free) return is_free.error();
    if (*is_free) return number;
  }
}

}  // namespace

bool is_unchanged(const FileInfo& then, const FileInfo& now) {
  if (then == now) return true;
  return then.kind == now.kind && then.device == now.device && then.inode == now.inode &&
         then.kind != FileInfo::Kind::regular;
}

Result<void> check_place(Directory& folder) {
  if (folder.is_in_place()) return {};
  return fail(Errc::io_failure,
              folder.path() +
                  " does not lead to the folder any more that attestrd has opened: it was moved, "
                  "removed, replaced or mounted over; the next start opens what is there then");
}

Result<std::string> read_file(Directory& folder, std::string_view name, std::uint64_t max_bytes) {
  auto file = folder.open(name, max_bytes);
  if (!file) return file.error();
  std::string bytes;
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const auto count = (*file)->read(bytes.size(), buffer);
    if (!count) return count.error();
    if (*count == 0) return bytes;
    bytes.append(buffer.data(), *count);
    if (bytes.size() > max_bytes)
      return fail(Errc::unsafe_file, folder.path() + "/" + harmless_name(name) + " is too large");
  }
}

std::string numbered_name(std::string_view name, unsigned number, std::string_view ending) {
  if (number < 2) return std::string(name);
  const bool keeps_ending = name.size() > ending.size() && name.ends_with(ending);
  const auto stem = name.substr(0, name.size() - (keeps_ending ? ending.size() : 0));
  std::string numbered = std::string(stem) + "." + std::to_string(number);
  if (keeps_ending) numbered += ending;
  return numbered;
}

Result<unsigned> free_number(Directory& folder, std::string_view name, std::string_view ending) {
  NumberedNames names(folder, name, ending);
  unsigned highest_in_use = 0;
  unsigned number = 1;  // Doubles until free, then halves the gap to the highest one in use.
  unsigned free = 0;
  while (free == 0 || free - highest_in_use > 1) {
    if (number > kMostDoubled) return lowest_free(names);
    const auto is_free = names.is_free(number);
    if (!is_free) return is_free.error();
    (*is_free ? free : highest_in_use) = number;
    number = free == 0 ? 2 * number : highest_in_use + (free - highest_in_use) / 2;
  }
  return free;
}

std::string harmless_name(std::string_view name) {
  std::string harmless;
  for (const char c : name) {
    if (harmless.size() >= kHarmlessNameBytes) break;
    const bool is_at_risk = harmless.empty() && (c == '.' || c == '-');
    if (kHarmless.contains(c) && !is_at_risk) {
      harmless += c;
    } else {
      harmless += Escape(static_cast<unsigned char>(c), EscapeForm::percent).view();
    }
  }
  return harmless;
}

}  // namespace attestrd
