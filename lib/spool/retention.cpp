#include "spool/retention.h"

#include <chrono>
#include <utility>

#include "base/limits.h"
#include "spool/record.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

/// Returns the id whose record may have this name, or nothing.
std::optional<HandshakeId> id_of(std::string_view name) {
  const auto id = HandshakeId::parse(name.substr(0, name.find('.')));
  if (!id || !is_record_name(*id, name)) return std::nullopt;
  return *id;
}

}  // namespace

Result<bool> Retention::step() {
  auto has_more = do_slice();
  if (has_more && *has_more) return has_more;
  // The names are freed here: the caller's thread may drop the pass on one that must not be held
  // up.
  names_ = {};
  next_ = 0;
  return has_more;
}

Result<bool> Retention::do_slice() {
  if (const auto there = check_place(*folder_); !there) return there.error();
  records_judged_ = bytes_judged_ = 0;
  for (std::size_t judged = 0; next_ < names_.size(); ++judged) {
    if (judged == limits::kNamesJudgedPerSlice) return true;
    if (records_judged_ >= limits::kRecordsJudgedPerSlice) return true;
    if (bytes_judged_ >= limits::kBytesJudgedPerSlice) return true;
    const std::string name = std::exchange(names_[next_++], {});
    if (is_old(name) && is_record(name)) remove(name);
  }
  return false;
}

/// Returns whether a name is that of a file of ours that was not changed for so long.
bool Retention::is_old(const std::string& name) {
  if (!id_of(name) || folder_->is_mounted_on(name)) return false;
  const auto info = folder_->inspect(name);
  return info && info->kind == FileInfo::Kind::regular && info->links == 1 && info->is_ours &&
         info->modified_at < before_;
}

bool Retention::is_record(const std::string& name) {
  const auto text = read_file(*folder_, name, limits::kRecordBytes);
  ++records_judged_;
  if (!text) return false;
  bytes_judged_ += text->size();
  const auto record = parse_record(*text);
  return record && record->outcome != Outcome::completed && is_record_name(record->id, name);
}

void Retention::remove(const std::string& name) {
  const auto removed = folder_->remove(name);
  if (removed) ++removed_;
  if (removed || removed.error().code == Errc::not_found) return;
  if (failed_++ == 0) failure_ = removed.error().message;
}

bool RetentionClock::is_confirmed(Now now, std::optional<Duration> difference,
                                  std::optional<Wall> last_answer) {
  const Duration basis = clock_basis(now);
  const Duration jump = basis - basis_.value_or(basis);
  basis_ = basis;
  if (std::chrono::abs(jump) > limits::kClockJump) {
    answer_before_jump_ = last_answer;
    // An answer within this interval may not have been compared with our clock.
    confirms_from_ = now.wall + 2 * limits::kClockCompareInterval;
  }
  if (!difference || !last_answer || std::chrono::abs(*difference) > limits::kClockDifference)
    return false;
  return last_answer != answer_before_jump_ && *last_answer >= confirms_from_;
}

}  // namespace attestrd
