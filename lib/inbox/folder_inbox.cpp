#include "inbox/folder_inbox.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "inbox/refused_notice.h"

namespace attestrd {

Result<std::unique_ptr<FolderInbox>> FolderInbox::open(std::unique_ptr<Directory> inbox,
                                                       std::unique_ptr<Directory> refused) {
  auto claimed = inbox->subfolder(kClaimed, true);
  if (!claimed) return claimed.error();
  const auto info = inbox->inspect(kClaimed);
  if (!info) return info.error();
  if (!info->is_ours || info->writable_by_others)  // A submitter may have made it.
    return fail(Errc::unsafe_file,
                (*claimed)->path() + " belongs to others: remove it, attestrd makes its own");
  return std::unique_ptr<FolderInbox>(
      new FolderInbox(std::move(inbox), std::move(*claimed), std::move(refused)));
}

Result<InboxScan> FolderInbox::scan(ScanRequest request, Mono now, std::size_t max_lines) {
  now_ = now;
  if (const auto begun = begin(request); !begun) return begun.error();
  InboxScan scan;
  std::size_t lines_left = max_lines;
  while (lines_left > 0) {
    const auto has_read = read_on(lines_left, scan);
    if (!has_read) rewind();
    if (!has_read) return has_read.error();
    if (!*has_read) break;
  }
  scan.has_more = lines_left == 0 || must_list_ || arrivals_.has_next() || claims_.has_ready();
  return scan;
}

Result<void> FolderInbox::begin(const ScanRequest& request) {
  for (auto* const folder : {inbox_.get(), claimed_.get()})
    if (const auto there = check_place(*folder); !there) return there;
  if (const auto there = refused_.check_place(); !there) return there;
  if (!is_adopted_)
    if (const auto adopted = claims_.adopt(now_); !adopted) return adopted;
  is_adopted_ = true;
  for (const auto& event : request.events) {
    if (event.kind == InboxEvent::Kind::claimed)
      claims_.note(event.name);
    else
      arrivals_.note(event, now_);
  }
  claims_.make_ready(now_, request.is_full);
  must_list_ |= request.is_full;
  // A list that is not read to its end goes on: otherwise bad names at its beginning would hide
  // those behind them. What came after it was made is in the next one.
  if (!must_list_ || arrivals_.has_listed()) return {};
  must_list_ = false;
  return arrivals_.list();
}

/// Does one step: a name that was renamed in or is due comes first, then the claimed files, then
/// the names that were listed. So neither a long file nor a folder full of bad ones delays a new
/// submission. Returns whether there was anything to do.
Result<bool> FolderInbox::read_on(std::size_t& lines_left, InboxScan& scan) {
  const bool may_judge = misfits_.size() < limits::kRefusedPerRound;
  std::optional<std::string> name;
  if (may_judge) name = arrivals_.next_urgent(now_);
  if (!name && claims_.has_ready()) {
    claims_.read_next(lines_left, now_, scan);
    return true;
  }
  if (!name && may_judge) name = arrivals_.next_listed();
  if (!name) return false;
  --lines_left;
  if (const auto judged = judge(*name); !judged) return judged.error();
  return true;
}

Result<void> FolderInbox::judge(const std::string& name) {
  auto judged = arrivals_.judge(name, *claimed_, claims_, now_);
  if (!judged) return judged.error();
  if (auto* const misfit = std::get_if<Misfit>(&*judged))
    misfits_.push_back(std::move(*misfit));
  else if (auto* const left = std::get_if<FolderArrivals::LeftAlone>(&*judged))
    left_alone_.push_back(std::move(*left));
  return {};
}

void FolderInbox::rewind() {
  for (const auto& misfit : std::exchange(misfits_, {})) arrivals_.defer(misfit.name, now_);
  claims_.rewind();
}

}  // namespace attestrd
