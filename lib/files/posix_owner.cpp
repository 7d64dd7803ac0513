#include "files/posix_owner.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace attestrd {

Result<void> become_owner_of(const std::filesystem::path& folder) {
  struct stat info {};
  if (::geteuid() != 0 || ::stat(folder.c_str(), &info) != 0 || info.st_uid == 0) return {};
  const passwd* const user = ::getpwuid(info.st_uid);
  const bool has_groups =
      (user ? ::initgroups(user->pw_name, user->pw_gid) : ::setgroups(0, nullptr)) == 0;
  if (has_groups && ::setgid(user ? user->pw_gid : info.st_gid) == 0 && ::setuid(info.st_uid) == 0)
    return {};
  return fail(Errc::permission_denied,
              fmt::format("{}: its owner has the user id {}, and attestrd can't become that user",
                          folder.string(), info.st_uid));
}

}  // namespace attestrd
