#include "inbox/claimed_file.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/limits.h"
#include "inbox/submission.h"

namespace attestrd {
namespace {

// A name may have 255 bytes (NAME_MAX); the number and its hyphen have at most 21.
constexpr std::size_t kKeptNameBytes = 234;

}  // namespace

std::string ClaimedName::text() const {
  return std::to_string(number) + "-" + name.substr(0, kKeptNameBytes);
}

std::optional<ClaimedName> ClaimedName::parse(std::string_view text) {
  ClaimedName claimed;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, claimed.number);
  if (error != std::errc() || rest == end || *rest != '-') return std::nullopt;
  claimed.name.assign(rest + 1, end);
  return claimed;
}

ClaimedFile::ClaimedFile(const ClaimedName& name, std::unique_ptr<ReadableFile> file, Mono now)
    : claimed_name_(name.text()),
      file_(std::move(file)),
      changed_at_(now),
      due_(now),
      lines_(name.name) {}

Result<ClaimedFile::State> ClaimedFile::read(Directory& claimed, std::size_t& lines_left,
                                             Mono now) {
  const auto opened = open(claimed);
  if (!opened && opened.error().code == Errc::not_found) return State::gone;
  if (!opened) return read_unopened(claimed, opened.error(), now);
  const auto info = file_->inspect();
  if (!info) return info.error();
  const bool is_changed = *info != info_;
  if (std::exchange(is_seen_, true) && is_changed) changed_at_ = now;
  if (is_changed) {
    // Its writer may have truncated it, and may have written it anew.
    const auto is_as_read = lines_.is_as_read(*file_);
    if (!is_as_read) return is_as_read.error();
    if (!*is_as_read) lines_.restart();
  }
  info_ = *info;
  // Asked before the file is read: what no process can write any more, the read finds.
  const Writers writers = file_->writers();
  const Mono quiet_at = changed_at_ + limits::kQuietWithoutLeases;
  const bool is_complete =
      writers == Writers::none || (writers == Writers::unknown && now >= quiet_at);
  if (info_.size_bytes == 0 && writers != Writers::some) make_request_of_name();
  const auto end = lines_.read(*file_, is_complete, lines_left);
  if (!end) return end.error();
  if (*end == SubmissionReader::End::bound) return State::has_more;
  if (is_complete) return State::finished;
  due_ = now + limits::kInboxScanInterval;
  return State::waits;
}

/// An empty file needs no permission to be read. Whether it stays empty can't be known, so it stays
/// for a while.
Result<ClaimedFile::State> ClaimedFile::read_unopened(Directory& claimed, const Error& error,
                                                      Mono now) {
  const auto info = claimed.inspect(claimed_name_);
  if (!info && info.error().code == Errc::not_found) return State::gone;
  if (!info || info->size_bytes > 0 || error.code != Errc::permission_denied) return error;
  info_ = *info;
  make_request_of_name();
  const Mono quiet_at = changed_at_ + limits::kQuietWithoutLeases;
  if (now >= quiet_at) return State::finished;
  due_ = std::min(quiet_at, now + limits::kInboxScanInterval);
  return State::waits;
}

Result<void> ClaimedFile::open(Directory& claimed) {
  if (file_ != nullptr) return {};
  auto file = claimed.open(claimed_name_, ~std::uint64_t{0});
  if (!file) return file.error();
  file_ = std::move(*file);
  return {};
}

/// Makes the request that the name of an empty file stands for.
void ClaimedFile::make_request_of_name() {
  const auto request = request_of_empty_file(lines_.name());
  if (!request || std::exchange(is_name_used_, true)) return;
  if (request->is_kick)
    kick_ = request->id;
  else
    lines_.add({request->id, {}, std::nullopt});
}

bool ClaimedFile::fails_for_long(Mono now) {
  if (failed_reads_++ == 0) failing_since_ = now;
  return failed_reads_ >= limits::kFailedReadsOfAFile &&
         now >= failing_since_ + limits::kUnreadablePatience;
}

Result<bool> ClaimedFile::is_unchanged(Directory& claimed) const {
  const auto info = claimed.inspect(claimed_name_);
  if (!info) return info.error();
  return *info == info_;
}

void ClaimedFile::keep() {
  was_name_used_ = is_name_used_;
  lines_.keep();
}

void ClaimedFile::rewind() {
  is_name_used_ = was_name_used_;
  kick_.reset();
  lines_.rewind();
}

}  // namespace attestrd
