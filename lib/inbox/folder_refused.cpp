#include "inbox/folder_refused.h"

#include "base/limits.h"

namespace attestrd {
namespace {

/// The name of a list until it is complete.
constexpr std::string_view kUnfinished = ".unfinished";
constexpr unsigned kMostUnfinished = 1024;  ///< Names of that kind, if others have the first ones.

}  // namespace

Result<void> FolderRefused::list(std::string_view name, std::string_view text) {
  const auto unfinished = write_unfinished(text);
  if (!unfinished) return unfinished.error();
  const auto harmless = harmless_name(name);
  const auto free = free_number(*folder_, harmless);
  if (!free) return free.error();
  const auto last = numbered_name(harmless, *free - 1);
  if (*free > 1 && !folder_->is_mounted_on(last)) {
    const auto there = read_file(*folder_, last, text.size());
    if (there && *there == text) return folder_->remove(*unfinished);
  }
  for (unsigned number = *free;; ++number) {
    const auto moved = folder_->move(*unfinished, *folder_, numbered_name(harmless, number));
    if (!moved) return moved.error();
    if (*moved == Moved::done) return {};
  }
}

/// Writes the list under a name of its own, and returns the name. What has the name is removed, or
/// is moved to another name if it is a folder, which attestrd never creates. If neither is
/// possible, since other users have mounted something on it, the next name is tried.
Result<std::string> FolderRefused::write_unfinished(std::string_view text) {
  for (unsigned number = 1;; ++number) {
    const auto name = numbered_name(kUnfinished, number);
    auto written = folder_->create(name, text);
    if (!written && written.error().code == Errc::already_exists) {
      clear(name);
      written = folder_->create(name, text);
    }
    if (written) return name;
    const bool is_taken = written.error().code == Errc::already_exists;
    if (!is_taken || number == kMostUnfinished) return written.error();
  }
}

void FolderRefused::clear(const std::string& name) {
  const auto removed = folder_->remove(name);
  if (!removed && removed.error().code == Errc::unsafe_file)
    static_cast<void>(take({*folder_, name, {}, name}));
}

Result<std::optional<std::string>> FolderRefused::take(const Source& source) {
  const auto harmless = harmless_name(source.submitted);
  const auto free = free_number(*folder_, harmless);
  if (!free) return free.error();
  for (unsigned number = *free;; ++number) {
    const auto new_name = numbered_name(harmless, number);
    const auto moved = move_here(source, new_name);
    if (!moved) return moved.error();
    if (*moved == Moved::name_taken) continue;
    if (*moved != Moved::done) return std::nullopt;
    ++files_;
    return std::optional(new_name);
  }
}

Result<Moved> FolderRefused::move_here(const Source& source, const std::string& new_name) {
  auto& [from, name, info, submitted] = source;
  const auto moved = from.move(name, *folder_, new_name);
  if (!moved || *moved != Moved::other_mount) return moved;
  const auto bytes = read_file(from, name, limits::kSubmissionFileBytes);
  if (!bytes) return Moved::other_mount;
  const auto written = folder_->create(new_name, *bytes);
  if (!written && written.error().code == Errc::already_exists) return Moved::name_taken;
  if (!written) return written.error();
  if (const auto synced = folder_->sync(); !synced) return synced.error();
  const auto now = from.inspect(name);
  if (!now || *now != info) return Moved::done;
  const auto removed = from.remove(name);
  if (!removed) return removed.error();
  return Moved::done;
}

Result<bool> FolderRefused::is_full(Mono now) {
  const bool is_known = listed_at_ && files_ < limits::kRefusedFiles;
  if (!is_known && (!listed_at_ || now >= *listed_at_ + kRetry)) {
    const auto names = folder_->list();
    if (!names) return names.error();
    files_ = names->size();
    listed_at_ = now;
  }
  return files_ >= limits::kRefusedFiles;
}

bool FolderRefused::may_pass(Errc code) {
  return code == Errc::disk_full || code == Errc::not_found || code == Errc::already_exists ||
         code == Errc::unsafe_file || code == Errc::shortage;
}

}  // namespace attestrd
