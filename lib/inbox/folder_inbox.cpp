#include "inbox/folder_inbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/limits.h"
#include "inbox/submission.h"

namespace attestrd {
namespace {

bool is_quiet(const FileInfo& info, Wall now) {
  // A time far in the future means that a clock was changed, not that the file is still written.
  const Duration age = now - std::chrono::floor<Duration>(info.modified_at);
  return age >= limits::kSubmissionQuiet || age <= -limits::kSubmissionQuiet;
}

/// Returns whether the writer has closed the file, as far as the system can report it.
bool is_closed(Writers writers, const FileInfo& info, Wall now) {
  return writers == Writers::none || (writers == Writers::unknown && is_quiet(info, now));
}

/// Returns the reason why a file is refused, or an empty text if it is a plain file with one link
/// and not too large.
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

Result<InboxScan> FolderInbox::scan(std::size_t max_lines, Wall now) {
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

Result<void> FolderInbox::begin_pass() {
  if (const auto there = check_place(*inbox_); !there) return there;
  if (const auto there = refused_.check_place(); !there) return there;
  auto names = inbox_->list();
  if (!names) return names.error();
  ++pass_;
  std::erase_if(left_alone_, [&names](const auto& left) {
    return !std::ranges::binary_search(*names, left.first);
  });
  waiting_ = std::move(*names);
  std::erase_if(waiting_, [](const std::string& name) { return !is_submission_name(name); });
  std::ranges::reverse(waiting_);
  return {};
}

Result<void> FolderInbox::begin_file(const std::string& name, Wall now, InboxScan& scan) {
  const auto info = inbox_->inspect(name);
  if (!info && info.error().code == Errc::not_found) return {};
  if (!info) return info.error();
  if (is_left_alone(name, *info, scan)) return {};
  if (auto objection = objection_to(*info); !objection.empty()) {
    misfits_.push_back({name, *info, std::move(objection)});
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
  misfits_.push_back({name, *info, std::move(error.message)});
  return {};
}

bool FolderInbox::is_left_alone(const std::string& name, const FileInfo& info, InboxScan& scan) {
  const auto left = left_alone_.find(name);
  if (left == left_alone_.end()) return false;
  if (!is_unchanged(left->second.info, info)) {
    left_alone_.erase(left);
    return false;
  }
  if (!left->second.until_pass) return true;
  scan.waits = true;
  return pass_ < *left->second.until_pass;
}

void FolderInbox::begin_empty_file(const std::string& name, const FileInfo& info, Wall now,
                                   InboxScan& scan) {
  const auto file = inbox_->open(name, 0);  // A file that can't be opened may still be accepted.
  if (!is_closed(file ? (*file)->writers() : Writers::unknown, info, now)) {
    scan.waits = true;
  } else if (const auto id = id_of_empty_file(name)) {
    if (!left_alone_.contains(name))
      scan.slices.push_back({name, {Submission{*id, {}, std::nullopt}}});
    finished_.push_back({name, info, {}});
  } else if (is_quiet(info, now)) {
    misfits_.push_back({name, info, "it is empty, and its name is no id that starts with DS"});
  } else {
    scan.waits = true;
  }
}

Result<void> FolderInbox::read_file(std::size_t& lines_left, Wall now, InboxScan& scan) {
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
  auto slice = reader_->take_slice();
  auto notices = reader_->take_notices();
  if (!left_alone_.contains(reader_->name())) {  // A file left alone was reported before.
    scan.slices.push_back(std::move(slice));
    append(scan.notices, std::move(notices));
  }
  if (*is_over) reader_.reset();
  return {};
}

void FolderInbox::rewind() {
  reader_.reset();
  waiting_.clear();
  finished_.clear();
  misfits_.clear();
}

}  // namespace attestrd
