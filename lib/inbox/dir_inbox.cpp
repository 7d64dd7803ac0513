#include "inbox/dir_inbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/limits.h"
#include "inbox/submission.h"

namespace attestrd {
namespace {

/// What a list of bad lines is called in refused/ until it is complete.
constexpr std::string_view kUnfinished = ".unfinished";

bool is_quiet(const FileInfo& info, Wall now) {
  // A file from far in the future tells that a clock was set, not that somebody still writes it.
  const Duration age = std::chrono::duration_cast<Duration>(now - info.modified_at);
  return age >= limits::kSubmissionQuiet || age <= -limits::kSubmissionQuiet;
}

/// Whether its writer has closed it, as far as can be known.
bool is_closed(Writers writers, const FileInfo& info, Wall now) {
  return writers == Writers::none || (writers == Writers::unknown && is_quiet(info, now));
}

Notice refused_notice(const std::string& name, std::string reason, std::string message) {
  Notice notice;
  notice.event = Event::inbox_refused;
  notice.level = Level::warn;
  notice.message = std::move(message);
  notice.file = name;
  notice.reason = std::move(reason);
  return notice;
}

/// Why a name that is no plain file of one link is refused; empty: it is one.
std::string objection_to(const FileInfo& info) {
  if (info.kind == FileInfo::Kind::symlink) return "it is a symbolic link";
  if (info.kind != FileInfo::Kind::regular) return "it is not a plain file";
  if (info.links > 1) return "it has hard links elsewhere";
  if (info.size_bytes > limits::kSubmissionFileBytes)
    return "it is larger than " + std::to_string(limits::kSubmissionFileBytes >> 20) + " MiB";
  return {};
}

template <class T>
void append(std::vector<T>& target, std::vector<T> more) {
  std::ranges::move(more, std::back_inserter(target));
}

}  // namespace

Result<InboxScan> DirInbox::scan(std::size_t max_lines, Wall now) {
  InboxScan scan;
  if (reader_ == nullptr && waiting_.empty()) {
    const auto begun = begin_pass();
    if (!begun) return begun.error();
  }
  std::size_t lines_left = max_lines;
  while (lines_left > 0 && (reader_ != nullptr || !waiting_.empty())) {
    if (reader_ == nullptr) {
      const std::string name = std::move(waiting_.back());
      waiting_.pop_back();
      --lines_left;
      const auto begun = begin_file(name, now, scan);
      if (!begun) return begun.error();
    } else {
      const auto read = read_file(lines_left, now, scan);
      if (!read) return read.error();
    }
  }
  scan.has_more = reader_ != nullptr || !waiting_.empty();
  return scan;
}

Result<void> DirInbox::begin_pass() {
  auto names = inbox_->list();
  if (!names) return names.error();
  std::erase_if(left_alone_, [&names](const auto& left) {
    return !std::ranges::binary_search(*names, left.first);
  });
  waiting_ = std::move(*names);
  std::erase_if(waiting_, [](const std::string& name) { return !is_submission_name(name); });
  std::ranges::reverse(waiting_);
  return {};
}

Result<void> DirInbox::begin_file(const std::string& name, Wall now, InboxScan& scan) {
  const auto info = inbox_->inspect(name);
  if (!info && info.error().code == Errc::not_found) return {};
  if (!info) return info.error();
  if (const auto left = left_alone_.find(name);
      left != left_alone_.end() && left->second == info->inode)
    return {};
  if (auto objection = objection_to(*info); !objection.empty()) {
    refused_files_.push_back({name, std::move(objection)});
    return {};
  }
  if (info->size_bytes == 0) {
    begin_empty_file(name, *info, now, scan);
    return {};
  }
  auto file = inbox_->open(name, limits::kSubmissionFileBytes);
  if (file && !is_closed((*file)->writers(), *info, now)) {
    scan.waits = true;
    return {};
  }
  if (file) {
    reader_ = std::make_unique<SubmissionReader>(name, *info, std::move(*file));
    return {};
  }
  auto error = file.error();
  if (error.code == Errc::not_found) return {};
  if (error.code == Errc::unavailable) {
    scan.waits = true;
    return {};
  }
  if (error.code != Errc::permission_denied && error.code != Errc::unsafe_file) return error;
  refused_files_.push_back({name, std::move(error.message)});
  return {};
}

void DirInbox::begin_empty_file(const std::string& name, const FileInfo& info, Wall now,
                                InboxScan& scan) {
  const auto file = inbox_->open(name, 0);  // One that we can't open may be taken all the same.
  if (!is_closed(file ? (*file)->writers() : Writers::unknown, info, now)) {
    scan.waits = true;
  } else if (const auto id = id_of_empty_file(name)) {
    scan.slices.push_back({name, {Submission{*id, {}, std::nullopt}}});
    finished_.push_back({name, info, {}});
  } else if (is_quiet(info, now)) {
    refused_files_.push_back({name, "it is empty, and its name is no id that starts with DS"});
  } else {
    scan.waits = true;
  }
}

Result<void> DirInbox::read_file(std::size_t& lines_left, Wall now, InboxScan& scan) {
  const auto is_over = reader_->read(lines_left);
  if (!is_over) return is_over.error();
  if (*is_over) {
    const auto is_unchanged = reader_->is_unchanged();
    if (!is_unchanged) return is_unchanged.error();
    if (!*is_unchanged || reader_->writers() == Writers::some ||
        (!reader_->is_complete() && !is_quiet(reader_->info(), now))) {
      reader_.reset();
      scan.waits = true;
      return {};
    }
    finished_.push_back({reader_->name(), reader_->info(), reader_->refusal()});
  }
  scan.slices.push_back(reader_->take_slice());
  append(scan.notices, reader_->take_notices());
  if (*is_over) reader_.reset();
  return {};
}

Result<InboxSettlement> DirInbox::settle() {
  InboxSettlement settlement;
  for (const auto& refused : std::exchange(refused_files_, {})) {
    const auto moved = move_away(refused, settlement);
    if (!moved && moved.error().code != Errc::disk_full) return moved.error();
    if (!moved) settlement.waits = true;
  }
  std::vector<Finished> listed;  // Whose bad lines are in refused/, or that have none.
  bool wrote = false;
  for (auto& file : std::exchange(finished_, {})) {
    if (file.refusal.lines > 0) {
      const auto written = write_refusal(file);
      if (!written && written.error().code != Errc::disk_full) return written.error();
      if (!written) {
        settlement.waits = true;
        continue;
      }
      wrote = true;
    }
    listed.push_back(std::move(file));
  }
  if (wrote)
    if (const auto synced = refused_->sync(); !synced) return synced.error();
  for (const auto& file : listed) {
    const auto removed = remove(file, settlement);
    if (!removed && removed.error().code != Errc::disk_full) return removed.error();
    if (!removed) settlement.waits = true;
  }
  return settlement;
}

/// Writes what is wrong with the lines of a file, under a name that is free, unless a process that
/// died before it could remove the file wrote the same.
Result<void> DirInbox::write_refusal(const Finished& finished) {
  const auto& text = finished.refusal.text;
  auto written = refused_->create(kUnfinished, text);
  if (!written && written.error().code == Errc::already_exists) {
    if (const auto removed = refused_->remove(kUnfinished); !removed) return removed;
    written = refused_->create(kUnfinished, text);
  }
  if (!written) return written;
  for (unsigned number = 1;; ++number) {
    const auto name = numbered_name(harmless_name(finished.name), number);
    const auto moved = refused_->move(kUnfinished, *refused_, name);
    if (!moved) return moved.error();
    if (*moved == Moved::done) return {};
    const auto there = attestrd::read_file(*refused_, name, text.size());
    if (there && *there == text) return refused_->remove(kUnfinished);
  }
}

/// Removes a file that was taken. No sync follows: after a power cut it is read once more.
Result<void> DirInbox::remove(const Finished& finished, InboxSettlement& settlement) {
  const auto info = inbox_->inspect(finished.name);
  if (!info && info.error().code == Errc::not_found) return {};
  if (!info) return info.error();
  if (*info != finished.info) {  // Somebody wrote on: it is read again.
    settlement.waits = true;
    return {};
  }
  if (finished.refusal.is_partial)
    return move_away({finished.name, "not all of its bad lines fit into their list"}, settlement);
  const auto removed = inbox_->remove(finished.name);
  if (removed || removed.error().code == Errc::not_found) return {};
  if (removed.error().code != Errc::permission_denied) return removed;
  leave_alone(finished.name, removed.error().message, settlement);
  return {};
}

Result<void> DirInbox::move_away(const Refused& refused, InboxSettlement& settlement) {
  const auto& name = refused.name;
  const auto info = inbox_->inspect(name);
  if (!info && info.error().code == Errc::not_found) return {};
  if (!info) return info.error();
  if (info->kind == FileInfo::Kind::folder) {
    leave_alone(name, "it is a folder", settlement);
    return {};
  }
  for (unsigned number = 1;; ++number) {
    const auto new_name = numbered_name(harmless_name(name), number);
    const auto moved = move_to_refused(name, new_name);
    if (!moved && moved.error().code == Errc::not_found) return {};
    if (!moved && moved.error().code != Errc::permission_denied) return moved.error();
    if (moved && *moved == Moved::name_taken) continue;
    if (!moved)
      leave_alone(name, refused.reason + "; " + moved.error().message, settlement);
    else if (*moved == Moved::other_mount)
      leave_alone(name, refused.reason + "; refused/ lies on another mount", settlement);
    else
      settlement.notices.push_back(refused_notice(
          name, refused.reason, "a submission is refused: it is now refused/" + new_name));
    return {};
  }
}

/// A rename, or a copy where the inbox lies on another mount than the spool.
Result<Moved> DirInbox::move_to_refused(const std::string& name, const std::string& new_name) {
  const auto moved = inbox_->move(name, *refused_, new_name);
  if (!moved || *moved != Moved::other_mount) return moved;
  const auto bytes = attestrd::read_file(*inbox_, name, limits::kSubmissionFileBytes);
  if (!bytes) return Moved::other_mount;
  const auto written = refused_->create(new_name, *bytes);
  if (!written && written.error().code == Errc::already_exists) return Moved::name_taken;
  if (!written) return written.error();
  const auto synced = refused_->sync();
  if (!synced) return synced.error();
  const auto removed = inbox_->remove(name);
  if (!removed) return removed.error();
  return Moved::done;
}

void DirInbox::leave_alone(const std::string& name, std::string reason,
                           InboxSettlement& settlement) {
  const auto info = inbox_->inspect(name);
  left_alone_[name] = info ? info->inode : 0;
  settlement.notices.push_back(refused_notice(
      name, std::move(reason), "a name in the inbox is left alone: move it away by hand"));
}

void DirInbox::rewind() {
  reader_.reset();
  waiting_.clear();
  finished_.clear();
  refused_files_.clear();
}

}  // namespace attestrd
