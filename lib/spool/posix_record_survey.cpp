#include "spool/posix_record_survey.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "spool/retention.h"

namespace attestrd {
namespace {

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

constexpr std::uint64_t kNamesBetweenChecks = 1024;

/// Returns when a file was written; nothing if it is gone. A file system that a user has mounted on
/// the file, which may never answer, is not asked.
std::optional<Wall> written_at(DIR* folder, const char* name) {
  struct statx status {};
  constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  if (::statx(::dirfd(folder), name, kFlags, STATX_MTIME, &status) != 0) return std::nullopt;
  return Wall(std::chrono::seconds(status.stx_mtime.tv_sec));
}

}  // namespace

Result<RecordSurvey> survey_records(const std::string& folder, const RecordSurvey& before,
                                    const std::atomic<bool>& is_stopped) {
  const auto failed = [&folder](int error) {
    return fail(Errc::io_failure,
                folder + ": can't be listed: " + std::generic_category().message(error));
  };
  const Folder names(::opendir(folder.c_str()), ::closedir);
  if (!names) return failed(errno);
  RecordSurvey survey;
  if (!before.oldest.empty() && written_at(names.get(), before.oldest.c_str()) == before.oldest_at)
    survey = {0, before.oldest, before.oldest_at};
  const bool is_oldest_known = !survey.oldest.empty();
  for (std::uint64_t read = 1;; ++read) {
    if (read % kNamesBetweenChecks == 0 && is_stopped)
      return fail(Errc::unavailable, folder + ": the survey was stopped");
    errno = 0;
    const dirent* const entry = ::readdir(names.get());
    if (entry == nullptr && errno != 0) return failed(errno);
    if (entry == nullptr) return survey;
    if (!id_of_record(entry->d_name)) continue;
    ++survey.records;
    if (is_oldest_known) continue;
    const auto at = written_at(names.get(), entry->d_name);
    if (!at || (survey.oldest_at && *at >= *survey.oldest_at)) continue;
    survey.oldest = entry->d_name;
    survey.oldest_at = at;
  }
}

std::optional<std::uint64_t> free_bytes(const std::string& path) {
  struct statvfs system {};
  if (::statvfs(path.c_str(), &system) != 0) return std::nullopt;
  return std::uint64_t{system.f_bavail} * system.f_frsize;
}

}  // namespace attestrd
