#include "daemon/service/spool/retention_passes.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>

#include <string>
#include <utility>

#include "base/limits.h"
#include "files/posix_files.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

/// Opens and lists a folder. Returns nothing if it can't be listed: the disk worker uses it too,
/// and judges that.
std::shared_ptr<Retention> list_folder(const std::string& path, Wall before) {
  auto folder = PosixDirectory::open(path);
  if (!folder) return nullptr;
  auto names = (*folder)->list();
  if (!names) return nullptr;
  return std::make_shared<Retention>(std::move(*folder), std::move(*names), before);
}

}  // namespace

void RetentionPasses::check(Now now, std::optional<Duration> clock_difference,
                            std::optional<Wall> last_answer) {
  const bool is_confirmed = clock_.is_confirmed(now, clock_difference, last_answer);
  const auto days = config_.spool.keep_days;
  if (is_running_ || days == 0 || !is_confirmed) return;
  if (days == days_ && now.mono < next_pass_) return;
  days_ = days;
  next_pass_ = now.mono + limits::kRetentionInterval;
  before_ = now.wall - std::chrono::days(days);
  left_ = {Outcome::rejected, Outcome::failed, Outcome::archived};
  is_running_ = true;
  next_folder();
}

void RetentionPasses::next_folder() {
  if (left_.empty()) {
    is_running_ = false;
    return;
  }
  const auto path = (config_.paths.spool / folder_of(left_.back())).string();
  auto listed = std::make_shared<std::shared_ptr<Retention>>();
  lister_.run([listed, path, before = before_] { *listed = list_folder(path, before); },
              [this, listed] {
                if (*listed) return do_slice(std::move(*listed));
                left_.pop_back();
                next_folder();
              });
}

/// Does a slice on the disk worker's thread, and the next one once the loop has had its turn.
void RetentionPasses::do_slice(std::shared_ptr<Retention> folder) {
  disk_.run_between_rounds([this, loop = loop_, folder] {
    const auto has_more = folder->step();
    boost::asio::post(loop, [this, folder, goes_on = has_more && *has_more] {
      if (goes_on) return do_slice(folder);
      end_folder(*folder);
      left_.pop_back();
      next_folder();
    });
  });
}

void RetentionPasses::end_folder(const Retention& folder) {
  const auto say = [this](Level level, std::string message, std::uint64_t count,
                          std::string reason) {
    if (count == 0) return;
    Notice notice(Event::spool_expired, std::move(message));
    notice.level = level;
    notice.file = std::string(folder_of(left_.back())) + "/";
    notice.count = count;
    notice.reason = std::move(reason);
    notices_.say(notice);
  };
  say(Level::info, fmt::format("records older than {} days are removed", days_), folder.removed(),
      {});
  say(Level::warn, fmt::format("records older than {} days can't be removed", days_),
      folder.failed(), folder.failure());
}

}  // namespace attestrd
