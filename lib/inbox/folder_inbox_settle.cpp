#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "inbox/folder_inbox.h"
#include "inbox/refused_notice.h"

namespace attestrd {
namespace {

Notice left_alone_notice(const std::string& name, std::string reason) {
  return refused_notice(name, std::move(reason),
                        "a name in the inbox is left alone: move it away by hand");
}

}  // namespace

Result<InboxSettlement> FolderInbox::settle() {
  InboxSettlement settlement;
  for (auto& left : std::exchange(left_alone_, {}))
    settlement.notices.push_back(left_alone_notice(left.name, std::move(left.reason)));
  for (const auto& misfit : std::exchange(misfits_, {}))
    if (const auto moved = move_away(misfit, settlement); !moved) return moved.error();
  if (const auto settled = claims_.settle(refused_, now_, settlement); !settled)
    return settled.error();
  settlement.waits = arrivals_.waits() || claims_.waits();
  settlement.files = {arrivals_.size(), claims_.size()};
  auto due = arrivals_.next_due();
  if (const auto other = claims_.next_due()) due = due ? std::min(*due, *other) : *other;
  if (due) settlement.next_due = std::max(*due - now_, Duration::zero());
  return settlement;
}

Result<void> FolderInbox::move_away(const Misfit& misfit, InboxSettlement& settlement) {
  const auto info = inbox_->inspect(misfit.name);
  if (!info && info.error().code == Errc::not_found) {
    arrivals_.forget(misfit.name);
    return {};
  }
  if (!info || !is_unchanged(misfit.info, *info)) {  // Another file may have the name now.
    arrivals_.defer(misfit.name, now_);
    return {};
  }
  const auto is_full = refused_.is_full(now_);
  if (!is_full && is_full.error().code == Errc::shortage) {
    defer(misfit, is_full.error().message, settlement);
    return {};
  }
  if (!is_full) return is_full.error();
  const bool was_full = std::exchange(is_refused_full_, *is_full);
  if (!*is_full) return move_to_refused(misfit, settlement);
  arrivals_.defer(misfit.name, now_ + FolderRefused::kRetry);
  if (!was_full)
    settlement.notices.push_back(refused_notice(
        misfit.name, "refused/ holds " + std::to_string(limits::kRefusedFiles) + " files",
        "refused submissions stay in the inbox until files in refused/ are moved away"));
  return {};
}

Result<void> FolderInbox::move_to_refused(const Misfit& misfit, InboxSettlement& settlement) {
  const auto taken = refused_.take({*inbox_, misfit.name, misfit.info, misfit.name});
  if (taken && *taken) {
    arrivals_.forget(misfit.name);
    settlement.notices.push_back(refused_notice(
        misfit.name, misfit.reason, "a submission is refused: it is now refused/" + **taken));
  } else if (taken) {
    leave_alone(misfit.name, misfit.reason + "; refused/ lies on another mount", settlement);
  } else if (taken.error().code == Errc::not_found) {
    arrivals_.defer(misfit.name, now_);  // Another process removed or renamed it.
  } else if (FolderRefused::may_pass(taken.error().code)) {
    defer(misfit, taken.error().message, settlement);
  } else {
    leave_alone(misfit.name, misfit.reason + "; " + taken.error().message, settlement);
  }
  return {};
}

void FolderInbox::leave_alone(const std::string& name, std::string reason,
                              InboxSettlement& settlement) {
  if (arrivals_.leave_alone(name, now_))
    settlement.notices.push_back(left_alone_notice(name, std::move(reason)));
}

void FolderInbox::defer(const Misfit& misfit, const std::string& reason,
                        InboxSettlement& settlement) {
  if (arrivals_.defer_for_space(misfit.name, now_ + FolderRefused::kRetry))
    settlement.notices.push_back(refused_notice(
        misfit.name, reason, "a name stays in the inbox until refused/ has space for it"));
}

}  // namespace attestrd
