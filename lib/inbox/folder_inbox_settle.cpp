#include <utility>

#include "inbox/folder_inbox.h"

namespace attestrd {
namespace {

/// The number of passes, at one a second or two, after which refused/ is checked for space again.
constexpr std::uint64_t kPassesWithoutRoom = 10;

/// Returns whether an error in refused/ may be gone at the next try: the disk was full, or other
/// users changed names there.
bool may_pass(Errc code) {
  return code == Errc::disk_full || code == Errc::not_found || code == Errc::already_exists ||
         code == Errc::unsafe_file;
}

Notice refused_notice(const std::string& name, std::string reason, std::string message) {
  Notice notice(Event::inbox_refused, std::move(message));
  notice.file = name;
  notice.reason = std::move(reason);
  return notice;
}

}  // namespace

Result<InboxSettlement> FolderInbox::settle() {
  InboxSettlement settlement;
  for (const auto& misfit : std::exchange(misfits_, {}))
    if (const auto moved = move_away(misfit, settlement); !moved) return moved.error();
  const auto listed = list_bad_lines(std::exchange(finished_, {}), settlement);
  if (!listed) return listed.error();
  for (const auto& file : *listed)
    if (const auto removed = remove(file, settlement); !removed) return removed.error();
  return settlement;
}

/// Lists the bad lines of the files in refused/. Returns the files whose bad lines are listed there
/// now, and the files that have none.
Result<std::vector<FolderInbox::Finished>> FolderInbox::list_bad_lines(
    std::vector<Finished> files, InboxSettlement& settlement) {
  std::vector<Finished> listed;
  bool wrote = false;
  for (auto& file : files) {
    if (file.refusal.lines > 0) {
      const auto written = refused_.list(file.name, file.refusal.text);
      if (!written && !may_pass(written.error().code)) return written.error();
      if (!written) {
        leave_for_now(file.name, file.info, written.error(), settlement);
        continue;
      }
      wrote = true;
    }
    listed.push_back(std::move(file));
  }
  if (wrote)
    if (const auto synced = refused_.sync(); !synced) return synced.error();
  return listed;
}

/// Removes a file that was accepted. No sync follows: after a power cut the file is read once more.
Result<void> FolderInbox::remove(const Finished& finished, InboxSettlement& settlement) {
  const auto info = inbox_->inspect(finished.name);
  if (!info && info.error().code == Errc::not_found) return {};
  if (!info) return info.error();
  if (*info != finished.info) {  // The file was changed: it is read again.
    settlement.waits = true;
    return {};
  }
  if (finished.refusal.is_partial)
    return move_away({finished.name, *info, "not all of its bad lines fit into their list"},
                     settlement);
  const auto removed = inbox_->remove(finished.name);
  if (removed || removed.error().code == Errc::not_found) return {};
  if (removed.error().code == Errc::permission_denied)
    leave_alone(finished.name, *info, removed.error().message, settlement);
  else if (removed.error().code == Errc::disk_full)
    leave_for_now(finished.name, *info, removed.error(), settlement);
  else if (removed.error().code == Errc::unsafe_file)  // It became a folder since the check.
    settlement.waits = true;
  else
    return removed;
  return {};
}

Result<void> FolderInbox::move_away(const Refused& misfit, InboxSettlement& settlement) {
  const auto& [name, judged, reason] = misfit;
  const auto info = inbox_->inspect(name);
  if (!info && info.error().code == Errc::not_found) return {};
  if (!info) return info.error();
  if (!is_unchanged(judged, *info)) {  // Another file has the name now, and is checked anew.
    settlement.waits = true;
    return {};
  }
  if (info->kind == FileInfo::Kind::folder) {
    leave_alone(name, *info, "it is a folder", settlement);
    return {};
  }
  const auto taken = refused_.take(*inbox_, name, *info);
  if (!taken && taken.error().code == Errc::not_found)
    settlement.waits = true;  // Another process removed it.
  else if (!taken && taken.error().code == Errc::permission_denied)
    leave_alone(name, *info, reason + "; " + taken.error().message, settlement);
  else if (!taken && may_pass(taken.error().code))
    leave_for_now(name, *info, taken.error(), settlement);
  else if (!taken)
    return taken.error();
  else if (!*taken)
    leave_alone(name, *info, reason + "; refused/ lies on another mount", settlement);
  else
    settlement.notices.push_back(
        refused_notice(name, reason, "a submission is refused: it is now refused/" + **taken));
  return {};
}

void FolderInbox::leave_alone(const std::string& name, const FileInfo& info, std::string reason,
                              InboxSettlement& settlement) {
  left_alone_[name] = {info, std::nullopt};
  settlement.notices.push_back(refused_notice(
      name, std::move(reason), "a name in the inbox is left alone: move it away by hand"));
}

void FolderInbox::leave_for_now(const std::string& name, const FileInfo& info, const Error& error,
                                InboxSettlement& settlement) {
  settlement.waits = true;
  const bool is_new =
      left_alone_.insert_or_assign(name, LeftAlone{info, pass_ + kPassesWithoutRoom}).second;
  if (is_new)
    settlement.notices.push_back(refused_notice(
        name, error.message, "a name stays in the inbox until refused/ has a place for it"));
}

}  // namespace attestrd
