#include "inbox/folder_arrivals.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "inbox/submission.h"

namespace attestrd {

void FolderArrivals::note(const InboxEvent& event, Mono now) {
  if (!is_submission_name(event.name)) return;
  const auto [found, is_new] = entries_.try_emplace(event.name);
  Entry& entry = found->second;
  if (is_new) entry.arrival.seen_at = now;
  entry.arrival.changed_at = now;
  if (event.kind == InboxEvent::Kind::moved_in) {
    entry.arrival = {FileInfo(), now, now, true};  // The name is another file's now.
    moved_in_.push_back(event.name);
  } else if (!entry.is_left_alone) {
    set_due(event.name, entry, now + limits::kSubmissionQuiet);
  }
}

Result<void> FolderArrivals::list() {
  auto names = inbox_.list();
  if (!names) return names.error();
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const bool is_there = std::ranges::binary_search(*names, entry->first);
    if (!is_there) set_due(entry->first, entry->second, std::nullopt);
    entry = is_there ? std::next(entry) : entries_.erase(entry);
  }
  std::erase_if(*names, [](const std::string& name) { return !is_submission_name(name); });
  unseen_ = names->size() - entries_.size();  // Each entry has its name among them.
  std::ranges::reverse(*names);
  listed_ = std::move(*names);
  return {};
}

std::optional<std::string> FolderArrivals::next_urgent(Mono now) {
  if (!moved_in_.empty()) {
    auto name = std::move(moved_in_.front());
    moved_in_.pop_front();
    return name;
  }
  if (due_.empty() || due_.begin()->first > now) return std::nullopt;
  auto name = due_.begin()->second;
  set_due(name, entries_[name], std::nullopt);
  return name;
}

std::optional<std::string> FolderArrivals::next_listed() {
  if (listed_.empty()) return std::nullopt;
  auto name = std::move(listed_.back());
  listed_.pop_back();
  // An event may have made an entry for a name that is still listed: the next list() puts it right.
  if (listed_.empty())
    unseen_ = 0;
  else if (!entries_.contains(name))
    --unseen_;
  return name;
}

Result<FolderArrivals::Judged> FolderArrivals::judge(const std::string& name, Directory& claimed,
                                                     FolderClaims& claims, Mono now) {
  if (inbox_.is_mounted_on(name))
    return carry_out(name, LeaveName{"a file or a folder is mounted on it: it is busy"}, now);
  const auto info = inbox_.inspect(name);
  if (!info && info.error().code == Errc::not_found) {
    forget(name);
    return Judged();
  }
  if (!info && info.error().code == Errc::shortage)
    return carry_out(name, JudgeLater{now + limits::kInboxScanInterval}, now);
  if (!info) return carry_out(name, LeaveName{info.error().message}, now);
  Entry& entry = see(name, *info, now);
  if (entry.is_left_alone) return Judged();
  auto verdict = judge_arrival(entry.arrival, now);
  if (std::holds_alternative<ClaimFile>(verdict)) return claim(name, entry, claimed, claims, now);
  return carry_out(name, std::move(verdict), now);
}

/// Brings the entry of a name up to date.
FolderArrivals::Entry& FolderArrivals::see(const std::string& name, const FileInfo& info,
                                           Mono now) {
  const auto [found, is_new] = entries_.try_emplace(name);
  Entry& entry = found->second;
  auto& arrival = entry.arrival;
  if (is_new) {
    arrival = {info, now, now, false};
  } else if (arrival.info == FileInfo()) {
    arrival.info = info;  // Only an event told of it.
    entry.is_left_alone = entry.is_told = false;
  } else if (!is_unchanged(arrival.info, info)) {
    const bool is_same_file = arrival.info.inode == info.inode;
    const Mono seen_at = is_same_file ? arrival.seen_at : now;
    arrival = {info, seen_at, now, arrival.is_moved_in && is_same_file};
    entry.is_left_alone = entry.is_told = false;
  } else if (now >= entry.left_at + limits::kUnreadablePatience) {
    entry.is_left_alone = false;
  }
  return entry;
}

Result<FolderArrivals::Judged> FolderArrivals::claim(const std::string& name, const Entry& entry,
                                                     Directory& claimed, FolderClaims& claims,
                                                     Mono now) {
  const auto& arrival = entry.arrival;
  auto file = inbox_.open(name, limits::kSubmissionFileBytes);
  ArrivalVerdict verdict = ClaimFile{};
  if (!file)
    verdict = judge_unopened(name, arrival, file.error(), now);
  else if (arrival.info.size_bytes == 0)
    verdict = judge_empty(name, arrival, (*file)->writers(), now);
  else if (!arrival.is_moved_in)
    verdict = judge_written(arrival, (*file)->writers(), now);
  if (!std::holds_alternative<ClaimFile>(verdict)) return carry_out(name, std::move(verdict), now);
  const ClaimedName claimed_name{claims.next_number(), name};
  const auto moved = inbox_.move(name, claimed, claimed_name.text());
  if (!moved || *moved != Moved::done) return carry_out_move(name, moved, now);
  forget(name);
  // Another file may have got the name after this one was opened.
  const auto opened = file ? (*file)->inspect() : file.error();
  const auto info = claimed.inspect(claimed_name.text());
  const bool is_the_same = opened && info && opened->inode == info->inode;
  claims.add(claimed_name, is_the_same ? std::move(*file) : nullptr, now);
  return Judged();
}

/// Carries on after a rename that moved nothing.
Result<FolderArrivals::Judged> FolderArrivals::carry_out_move(const std::string& name,
                                                              const Result<Moved>& moved,
                                                              Mono now) {
  if (moved && *moved == Moved::name_taken) return carry_out(name, JudgeLater{now}, now);
  if (moved)
    return carry_out(name, LeaveName{"the folder of claimed files lies on another mount"}, now);
  if (moved.error().code == Errc::not_found) return carry_out(name, JudgeLater{now}, now);
  if (moved.error().code == Errc::shortage)
    return carry_out(name, JudgeLater{now + limits::kInboxScanInterval}, now);
  if (moved.error().code == Errc::disk_full) {
    carry_out(name, JudgeLater{now}, now);
    return moved.error();
  }
  return carry_out(name, LeaveName{moved.error().message}, now);
}

FolderArrivals::Judged FolderArrivals::carry_out(const std::string& name, ArrivalVerdict verdict,
                                                 Mono now) {
  Entry& entry = entries_[name];
  if (const auto* const later = std::get_if<JudgeLater>(&verdict)) {
    set_due(name, entry, later->at);
    return {};
  }
  set_due(name, entry, std::nullopt);
  if (auto* const refused = std::get_if<RefuseFile>(&verdict))
    return Misfit{name, entry.arrival.info, std::move(refused->reason)};
  if (!leave_alone(name, now)) return {};
  return LeftAlone{name, std::get<LeaveName>(verdict).reason};
}

void FolderArrivals::defer(const std::string& name, Mono due) {
  const auto found = entries_.find(name);
  if (found != entries_.end()) set_due(name, found->second, due);
}

bool FolderArrivals::defer_for_space(const std::string& name, Mono due) {
  defer(name, due);
  const auto found = entries_.find(name);
  return found != entries_.end() && !std::exchange(found->second.waits_for_space, true);
}

bool FolderArrivals::leave_alone(const std::string& name, Mono now) {
  Entry& entry = entries_[name];
  set_due(name, entry, std::nullopt);
  entry.is_left_alone = true;
  entry.left_at = now;
  return !std::exchange(entry.is_told, true);
}

void FolderArrivals::forget(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  set_due(name, found->second, std::nullopt);
  entries_.erase(found);
}

std::optional<Mono> FolderArrivals::next_due() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

void FolderArrivals::set_due(const std::string& name, Entry& entry, std::optional<Mono> due) {
  if (entry.due) due_.erase({*entry.due, name});
  entry.due = due;
  if (due) due_.emplace(*due, name);
}

}  // namespace attestrd
