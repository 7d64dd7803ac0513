#include "files/posix_user.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "base/check.h"

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

std::string SystemUser::shown() const {
  return name.empty() ? "the user id " + std::to_string(id) : "the user " + name;
}

std::optional<SystemUser> owner_of(const std::string& folder) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0 || info.st_uid == 0) return std::nullopt;
  const passwd* const user = ::getpwuid(info.st_uid);
  if (user == nullptr) return SystemUser{info.st_uid, info.st_gid, {}};
  return SystemUser{user->pw_uid, user->pw_gid, user->pw_name};
}

std::optional<SystemUser> user_of_name(const std::string& name) {
  const passwd* const user = ::getpwnam(name.c_str());
  if (user == nullptr) return std::nullopt;
  return SystemUser{user->pw_uid, user->pw_gid, name};
}

Result<void> become(const SystemUser& user) {
  const bool has_groups = (user.name.empty() ? ::setgroups(0, nullptr)
                                             : ::initgroups(user.name.c_str(), user.group)) == 0;
  if (has_groups && ::setgid(user.group) == 0 && ::prctl(PR_SET_KEEPCAPS, 1) == 0 &&
      ::setuid(user.id) == 0 && keep_only_lease())
    return {};
  return fail(Errc::permission_denied, "attestrd can't become " + user.shown());
}

Result<void> become_owner_of(const std::string& folder) {
  const auto owner = ::geteuid() == 0 ? owner_of(folder) : std::nullopt;
  return owner ? become(*owner) : Result<void>();
}

ActingAsOwner::ActingAsOwner(const std::string& folder) {
  const auto owner = ::geteuid() == 0 ? owner_of(folder) : std::nullopt;
  if (!owner) return;
  if (::setegid(owner->group) != 0) return;
  is_other_ = ::seteuid(owner->id) == 0;
  if (!is_other_) ATTESTRD_CHECK(::setegid(0) == 0);
}

ActingAsOwner::~ActingAsOwner() {
  if (is_other_) ATTESTRD_CHECK(::seteuid(0) == 0 && ::setegid(0) == 0);
}

}  // namespace attestrd
