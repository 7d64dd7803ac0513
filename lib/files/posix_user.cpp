#include "files/posix_user.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace attestrd {
namespace {

constexpr __u32 kLeaseBit = 1U << CAP_LEASE;
static_assert(CAP_LEASE < 32, "the bit lies in the first word");

/// Gives up every capability but CAP_LEASE, where the process has it.
bool keep_only_lease() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
  const __u32 kept = data[0].permitted & kLeaseBit;
  data = {};
  data[0].permitted = data[0].effective = kept;
  return ::syscall(SYS_capset, &header, data.data()) == 0;
}

}  // namespace

Result<void> become_owner_of(const std::string& folder) {
  struct stat info {};
  if (::geteuid() != 0 || ::stat(folder.c_str(), &info) != 0 || info.st_uid == 0) return {};
  const passwd* const user = ::getpwuid(info.st_uid);
  const bool has_groups =
      (user ? ::initgroups(user->pw_name, user->pw_gid) : ::setgroups(0, nullptr)) == 0;
  if (has_groups && ::setgid(user ? user->pw_gid : info.st_gid) == 0 &&
      ::prctl(PR_SET_KEEPCAPS, 1) == 0 && ::setuid(info.st_uid) == 0 && keep_only_lease())
    return {};
  return fail(Errc::permission_denied, folder + ": its owner has the user id " +
                                           std::to_string(info.st_uid) +
                                           ", and attestrd can't become that user");
}

}  // namespace attestrd
