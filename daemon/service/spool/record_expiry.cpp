#include "daemon/service/spool/record_expiry.h"

#include <boost/asio/post.hpp>

#include <string>
#include <utility>

#include "base/limits.h"
#include "spool/spool.h"

namespace attestrd {

RecordExpiry::RecordExpiry(Parts parts, Mono now)
    : parts_(std::move(parts)),
      spool_(parts_.config.paths.spool),
      next_(now + limits::kFirstExpiry),
      keep_days_(parts_.config.spool.keep_days) {}

void RecordExpiry::check(Mono now) {
  const auto days = parts_.config.spool.keep_days;
  if (days != std::exchange(keep_days_, days)) next_ = now;
  if (days == 0 || is_in_pass_ || now < next_) return;
  next_ = now + limits::kExpiryInterval;
  is_in_pass_ = true;
  auto pass = std::make_shared<Pass>();
  pass->keep_days = days;
  go_on(std::move(pass));
}

bool RecordExpiry::may_purge() const {
  const auto days = parts_.config.spool.keep_days;
  return days == 0 || seen_all_ == days;
}

/// Does a slice on the disk worker's thread, and the next one once the loop has had its turn.
void RecordExpiry::go_on(std::shared_ptr<Pass> pass) {
  const bool is_rejected = kFolders.at(pass->folder) == Outcome::rejected;
  if (is_rejected && parts_.is_readmitting()) return end(*pass);
  if (pass->keep_days != parts_.config.spool.keep_days) return end(*pass);
  parts_.disk.run_between_rounds([this, pass = std::move(pass)]() mutable {
    do_slice(*pass);
    boost::asio::post(parts_.loop, [this, pass = std::move(pass)]() mutable {
      if (pass->is_done()) return end(*pass);
      go_on(std::move(pass));
    });
  });
}

void RecordExpiry::do_slice(Pass& pass) const {
  const auto has_more = remove_some(pass);
  if (!has_more) pass.errors.push_back(has_more.error());
  if (has_more && *has_more) return;
  pass.names.reset();
  ++pass.folder;
}

/// Returns whether the folder may have more records.
Result<bool> RecordExpiry::remove_some(Pass& pass) const {
  const Outcome folder = kFolders.at(pass.folder);
  if (!pass.names) {
    auto opened = RecordNames::open((spool_ / folder_of(folder)).string());
    if (!opened) return opened.error();
    pass.names = std::move(*opened);
  }
  const auto names = pass.names->next(limits::kRecordsPerExpirySlice);
  if (!names) return names.error();
  const auto done = parts_.ledger.remove_kept(folder, *names, std::chrono::days(pass.keep_days),
                                              pass.removed.at(pass.folder));
  if (!done) return done.error();
  return !pass.names->is_at_end();
}

void RecordExpiry::end(const Pass& pass) {
  is_in_pass_ = false;
  if (pass.is_done()) seen_all_ = pass.keep_days;
  for (std::size_t i = 0; i < kFolders.size(); ++i) {
    if (pass.removed.at(i) == 0) continue;
    Notice notice(Event::spool_expired, "records were kept for spool.keep_days: they are removed");
    notice.file = folder_of(kFolders.at(i));
    notice.count = pass.removed.at(i);
    parts_.notices.say(notice);
  }
  for (const Error& error : pass.errors) {
    Notice notice(Event::spool_expired, "old records can't be removed: " + error.message);
    notice.level = Level::warn;
    parts_.notices.say(notice);
  }
}

}  // namespace attestrd
