#include "inbox/folder_refused.h"

#include "base/limits.h"

namespace attestrd {
namespace {

/// The name of a list until it is complete.
constexpr std::string_view kUnfinished = ".unfinished";

}  // namespace

Result<void> FolderRefused::list(std::string_view name, std::string_view text) {
  if (const auto written = write_unfinished(text); !written) return written;
  const auto harmless = harmless_name(name);
  const auto free = free_number(*folder_, harmless);
  if (!free) return free.error();
  if (*free > 1) {
    const auto there = read_file(*folder_, numbered_name(harmless, *free - 1), text.size());
    if (there && *there == text) return folder_->remove(kUnfinished);
  }
  for (unsigned number = *free;; ++number) {
    const auto moved = folder_->move(kUnfinished, *folder_, numbered_name(harmless, number));
    if (!moved) return moved.error();
    if (*moved == Moved::done) return {};
  }
}

Result<void> FolderRefused::write_unfinished(std::string_view text) {
  auto written = folder_->create(kUnfinished, text);
  if (written || written.error().code != Errc::already_exists) return written;
  const auto removed = folder_->remove(kUnfinished);
  if (!removed && removed.error().code != Errc::unsafe_file) return removed;
  if (!removed) {  // It is a folder, which attestrd never creates: it is moved to another name.
    const std::string name(kUnfinished);
    const auto moved = take({*folder_, name, {}, name});
    if (!moved) return moved.error();
  }
  return folder_->create(kUnfinished, text);
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
