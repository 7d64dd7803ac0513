#include "daemon/service/spool/record_expiry.h"

#include <boost/asio/post.hpp>

#include <string>
#include <utility>

#include "base/limits.h"
#include "spool/spool.h"

namespace attestrd {

RecordExpiry::RecordExpiry(boost::asio::any_io_executor loop, const Config& config,
                           DiskWorker& disk, Ledger& ledger, NoticeWriter& notices, Mono now)
    : loop_(std::move(loop)),
      config_(config),
      spool_(config.paths.spool),
      disk_(disk),
      ledger_(ledger),
      notices_(notices),
      next_(now + limits::kFirstExpiry) {}

void RecordExpiry::check(Mono now) {
  const auto days = config_.spool.keep_days;
  if (days == 0 || is_in_pass_ || now < next_) return;
  next_ = now + limits::kExpiryInterval;
  is_in_pass_ = true;
  auto pass = std::make_shared<Pass>();
  pass->keep = std::chrono::days(days);
  go_on(std::move(pass));
}

/// Does a slice on the disk worker's thread, and the next one once the loop has had its turn.
void RecordExpiry::go_on(std::shared_ptr<Pass> pass) {
  disk_.run_between_rounds([this, pass = std::move(pass)]() mutable {
    do_slice(*pass);
    boost::asio::post(loop_, [this, pass = std::move(pass)]() mutable {
      if (pass->is_done()) return end(*pass);
      go_on(std::move(pass));
    });
  });
}

void RecordExpiry::do_slice(Pass& pass) const {
  if (!pass.names && !list(pass)) return;
  const auto names = pass.names->next(limits::kRecordsPerExpirySlice);
  const Outcome folder = kFolders.at(pass.folder);
  const auto removed =
      names ? ledger_.remove_kept(folder, *names, pass.keep) : Result<std::size_t>(names.error());
  pass.has_failed = !removed;
  if (removed) pass.removed.at(pass.folder) += *removed;
  if (!removed || !pass.names->is_at_end()) return;
  pass.names.reset();
  ++pass.folder;
}

/// Opens the folder whose turn it is. Returns false if it can't be opened.
bool RecordExpiry::list(Pass& pass) const {
  auto names = RecordNames::open((spool_ / folder_of(kFolders.at(pass.folder))).string());
  pass.has_failed = !names;
  if (names) pass.names = std::move(*names);
  return names.has_value();
}

void RecordExpiry::end(const Pass& pass) {
  is_in_pass_ = false;
  for (std::size_t i = 0; i < kFolders.size(); ++i) {
    if (pass.removed.at(i) == 0) continue;
    Notice notice(Event::spool_expired, "records were kept for spool.keep_days: they are removed");
    notice.file = folder_of(kFolders.at(i));
    notice.count = pass.removed.at(i);
    notices_.say(notice);
  }
}

}  // namespace attestrd
