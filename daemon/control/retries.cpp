#include "daemon/control/retries.h"

#include <memory>
#include <span>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "files/posix_files.h"

namespace attestrd {
namespace {

using Judged = std::variant<Readmission, Readmitted>;

/// Reads a record that the daemon has written. Members of the group of the folder may put other
/// files into it, but not as ours.
std::variant<std::string, Readmitted> read_record(Directory& folder, const std::string& name) {
  if (folder.is_mounted_on(name)) return Readmitted::foreign;
  const auto file = folder.open(name, limits::kRecordBytes);
  if (!file && file.error().code == Errc::not_found) return Readmitted::no_file;
  const auto info = file ? (*file)->inspect() : file.error();
  if (!info)
    return info.error().code == Errc::unsafe_file ? Readmitted::foreign : Readmitted::unreadable;
  if (!info->is_ours) return Readmitted::foreign;
  std::string text(info->size_bytes, '\0');
  for (std::size_t at = 0; at < text.size();) {
    const auto count = (*file)->read(at, std::span(text).subspan(at));
    if (!count || *count == 0) return Readmitted::unreadable;
    at += *count;
  }
  return text;
}

/// The work of the other thread: records are read and judged.
struct Reading {
  std::string folder;
  std::vector<std::string> files;  ///< Those that are not read yet.
  Verifier verifier;
  ReadmissionRules rules;
  std::vector<Judged> judged{};

  /// Judges as many of the files as one round may readmit.
  void run() {
    const auto rejected = PosixDirectory::open(folder);
    std::size_t bytes = 0;
    for (const auto& name : files) {
      if (judged.size() == limits::kRecordsReadmittedAtOnce) return;
      if (bytes >= limits::kBytesReadmittedAtOnce) return;
      const auto text = rejected ? read_record(**rejected, name) : Readmitted::unreadable;
      if (const auto* const refused = std::get_if<Readmitted>(&text)) {
        judged.emplace_back(*refused);
        continue;
      }
      judged.push_back(judge_rejected(std::get<std::string>(text), name, verifier, rules));
      bytes += std::get<std::string>(text).size();
    }
  }
};

}  // namespace

void Retries::retry(const std::vector<HandshakeId>& ids, bool even_completed,
                    Questions::OnRetried on_retried) {
  if (ids.empty()) return on_retried({});
  retried_.begin(last_ticket_ + 1, ids.size(), std::move(on_retried));
  RoundRequest request;
  for (const auto& id : ids) request.retries.push_back({++last_ticket_, id, even_completed});
  parts_.submit(std::move(request));
}

void Retries::readmit(std::vector<std::string> files, bool are_named,
                      Questions::OnReadmitted on_readmitted) {
  if (readmitting_)
    return on_readmitted(
        fail(Errc::unavailable, "other records are being readmitted: try again later"));
  readmitting_ = {std::move(files), are_named, std::move(on_readmitted), {}, 0};
  // A job that removes old records may be under way: see is_readmitting().
  parts_.after_jobs([this] { read_some(); });
}

/// Reads and judges the next files, or answers if there is none.
void Retries::read_some() {
  auto& now = *readmitting_;
  const auto done = now.answers.size();
  if (done == now.files.size()) {
    const auto finished = std::move(*std::exchange(readmitting_, std::nullopt));
    return finished.on_readmitted(finished.answers);
  }
  auto verifier = parts_.verifier();
  verifier.forget_former();
  const auto first = now.files.begin() + static_cast<std::ptrdiff_t>(done);
  const auto reading =
      std::make_shared<Reading>(Reading{parts_.rejected,
                                        {first, now.files.end()},
                                        std::move(verifier),
                                        {parts_.usual_form(), now.are_named, parts_.now().wall}});
  reader_.run([reading] { reading->run(); },
              [this, reading] { submit(std::move(reading->judged)); });
}

void Retries::submit(std::vector<Judged> judged) {
  auto& now = *readmitting_;
  RoundRequest request;
  for (auto& each : judged) {
    const auto* const refused = std::get_if<Readmitted>(&each);
    now.answers.push_back(refused != nullptr ? *refused : Readmitted::unreadable);
    if (refused != nullptr) continue;
    auto& readmission = std::get<Readmission>(each);
    readmission.ticket = ++last_ticket_;
    readmitted_.emplace(last_ticket_, now.answers.size() - 1);
    request.readmissions.push_back(std::move(readmission));
    ++now.unanswered;
  }
  if (now.unanswered == 0) return read_some();
  parts_.submit(std::move(request));
}

void Retries::on_report(const RoundReport& report) {
  for (const auto& [ticket, retried] : report.retried) retried_.answer(ticket, retried);
  for (const auto& [ticket, answer] : report.readmitted) {
    readmitting_->answers[readmitted_.extract(ticket).mapped()] = answer;
    if (--readmitting_->unanswered == 0) read_some();
  }
}

}  // namespace attestrd
