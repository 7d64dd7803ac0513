#include <utility>

#include "base/limits.h"
#include "inbox/folder_claims.h"
#include "inbox/refused_notice.h"

namespace attestrd {

Result<void> FolderClaims::settle(FolderRefused& refused, Mono now, InboxSettlement& settlement) {
  for (const auto& name : std::exchange(touched_, {}))
    if (const auto found = files_.find(name); found != files_.end()) found->second.keep();
  for (auto& [name, reason] : std::exchange(unreadable_, {}))
    if (const auto found = files_.find(name); found != files_.end())
      if (const auto moved = move_away(found->second, reason, refused, now, settlement); !moved)
        return moved;
  std::vector<ClaimedFile*> listed;
  bool has_written = false;
  for (const auto& name : std::exchange(finished_, {})) {
    const auto found = files_.find(name);
    if (found == files_.end()) continue;
    const auto is_listed = list_bad_lines(found->second, refused, now, settlement);
    if (!is_listed) return is_listed.error();
    has_written |= *is_listed && found->second.lines().refusal().lines > 0;
    if (*is_listed) listed.push_back(&found->second);
  }
  if (has_written)
    if (const auto synced = refused.sync(); !synced) return synced;
  for (auto* const file : listed)
    if (const auto removed = remove(*file, refused, now, settlement); !removed) return removed;
  return {};
}

/// Returns whether the bad lines of the file are in refused/, or it has none.
Result<bool> FolderClaims::list_bad_lines(ClaimedFile& file, FolderRefused& refused, Mono now,
                                          InboxSettlement& settlement) {
  const auto& refusal = file.lines().refusal();
  if (refusal.lines == 0) return true;
  const auto written = refused.list(file.lines().name(), refusal.text);
  if (written) return true;
  // Other users may mount something on a name in refused/.
  const auto code = written.error().code;
  if (!FolderRefused::may_pass(code) && code != Errc::permission_denied) return written.error();
  defer(file, written.error(), now, settlement);
  return false;
}

/// Removes a finished file. No sync follows: after a power cut it is read once more.
Result<void> FolderClaims::remove(ClaimedFile& file, FolderRefused& refused, Mono now,
                                  InboxSettlement& settlement) {
  const auto is_unchanged = file.is_unchanged(claimed_);
  if (!is_unchanged && is_unchanged.error().code == Errc::not_found) {
    forget(file.claimed_name());
    return {};
  }
  if (!is_unchanged) return is_unchanged.error();
  if (!*is_unchanged) {  // A process has written to it after all.
    file.defer_to(now);
    return {};
  }
  if (file.lines().refusal().is_partial)
    return move_away(file, "not all of its bad lines fit into their list", refused, now,
                     settlement);
  const auto removed = claimed_.remove(file.claimed_name());
  if (!removed && removed.error().code == Errc::disk_full) {
    defer(file, removed.error(), now, settlement);
    return {};
  }
  if (!removed && removed.error().code != Errc::not_found) return removed;
  forget(file.claimed_name());
  return {};
}

Result<void> FolderClaims::move_away(ClaimedFile& file, std::string reason, FolderRefused& refused,
                                     Mono now, InboxSettlement& settlement) {
  const auto taken =
      refused.take({claimed_, file.claimed_name(), file.info(), file.lines().name()});
  if (taken && *taken) {
    settlement.notices.push_back(
        refused_notice(file.lines().name(), std::move(reason),
                       "a submission is refused: it is now refused/" + **taken));
    forget(file.claimed_name());
  } else if (taken) {
    defer(file, fail(Errc::io_failure, "refused/ lies on another mount"), now, settlement);
  } else if (taken.error().code == Errc::not_found) {
    forget(file.claimed_name());
  } else if (FolderRefused::may_pass(taken.error().code) ||
             taken.error().code == Errc::permission_denied) {
    defer(file, taken.error(), now, settlement);
  } else {
    return taken.error();
  }
  return {};
}

/// Keeps the file until refused/ has space. The log says so once.
void FolderClaims::defer(ClaimedFile& file, const Error& error, Mono now,
                         InboxSettlement& settlement) {
  file.defer_to(now + FolderRefused::kRetry);
  if (refused_told_.insert(file.claimed_name()).second)
    settlement.notices.push_back(
        refused_notice(file.lines().name(), error.message,
                       "a submission stays in .claimed until refused/ has space for it"));
}

void FolderClaims::forget(const std::string& claimed_name) {
  const auto found = files_.find(claimed_name);
  if (found == files_.end()) return;
  if (found->second.is_open()) --open_;
  refused_told_.erase(claimed_name);
  files_.erase(found);
}

}  // namespace attestrd
