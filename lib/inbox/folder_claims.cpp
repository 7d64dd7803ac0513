#include "inbox/folder_claims.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/limits.h"
#include "inbox/refused_notice.h"

namespace attestrd {
namespace {

template <class T>
void append(std::vector<T>& target, std::vector<T> more) {
  std::ranges::move(more, std::back_inserter(target));
}

}  // namespace

Result<void> FolderClaims::adopt(Mono now) {
  const auto names = claimed_.list();
  if (!names) return names.error();
  for (const auto& text : *names) {
    const auto name = ClaimedName::parse(text);
    if (!name || name->text() != text) continue;  // Not a name that attestrd gives.
    last_number_ = std::max(last_number_, name->number);
    add(*name, nullptr, now);
  }
  return {};
}

void FolderClaims::add(const ClaimedName& name, std::unique_ptr<ReadableFile> file, Mono now) {
  auto text = name.text();
  if (open_ >= limits::kClaimedFilesOpen) file.reset();  // It is opened again by its name.
  if (file != nullptr) ++open_;
  files_.try_emplace(text, name, std::move(file), now);
  note(text);
}

void FolderClaims::note(const std::string& claimed_name) {
  if (files_.contains(claimed_name) && ready_names_.insert(claimed_name).second)
    ready_.push_back(claimed_name);
}

void FolderClaims::make_ready(Mono now, bool all) {
  for (const auto& [name, file] : files_)
    if (all || file.due() <= now) note(name);
}

void FolderClaims::read_next(std::size_t& lines_left, Mono now, InboxScan& scan) {
  const std::string name = std::move(ready_.front());
  ready_.pop_front();
  ready_names_.erase(name);
  const auto found = files_.find(name);
  if (found == files_.end()) return;
  ClaimedFile& file = found->second;
  touched_.push_back(name);
  const bool was_open = file.is_open();
  std::size_t turn = std::min(lines_left, limits::kLinesPerTurn);
  const std::size_t before = turn;
  const auto state = file.read(claimed_, turn, now);
  lines_left -= std::max<std::size_t>(1, before - turn);
  open_ += file.is_open() && !was_open ? 1 : 0;
  if (state && *state == ClaimedFile::State::finished) file.lines().sum_up();
  // Also the lines before a fault: the next scan reads on after them.
  if (auto slice = file.lines().take_slice(); !slice.submissions.empty())
    scan.slices.push_back(std::move(slice));
  if (const auto kick = file.take_kick()) scan.kicks.push_back(*kick);
  append(scan.notices, file.lines().take_notices());
  if (!state) return trouble(file, state.error(), now);
  file.note_success();
  if (*state == ClaimedFile::State::has_more) return note(name);
  if (*state != ClaimedFile::State::waits) finished_.push_back(name);
  if (file.is_open() &&
      (*state != ClaimedFile::State::waits || open_ > limits::kClaimedFilesOpen)) {
    file.close();
    --open_;
  }
}

/// A claimed file can't be read: its mode was changed after the claim, or the disk has a fault
/// there. It is tried again for a while, and then moved to refused/ unread.
void FolderClaims::trouble(ClaimedFile& file, const Error& error, Mono now) {
  file.defer_to(now + limits::kInboxScanInterval);
  if (error.code == Errc::shortage) return;  // It says nothing about the file.
  if (file.fails_for_long(now)) unreadable_[file.claimed_name()] = error.message;
}

void FolderClaims::rewind() {
  for (const auto& name : std::exchange(touched_, {}))
    if (const auto found = files_.find(name); found != files_.end()) {
      found->second.rewind();
      note(name);
    }
  finished_.clear();
  unreadable_.clear();
}

std::optional<Mono> FolderClaims::next_due() const {
  std::optional<Mono> due;
  for (const auto& [name, file] : files_)
    if (!due || file.due() < *due) due = file.due();
  return due;
}

}  // namespace attestrd
