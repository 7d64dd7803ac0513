#include "files/posix_acl.h"

#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/xattr.h>

#include <array>

namespace attestrd {
namespace {

/// The form in which the kernel takes an ACL: all numbers are little-endian, and the entries are
/// sorted by their kind.
struct AccessList {
  posix_acl_xattr_header header;
  std::array<posix_acl_xattr_entry, 5> entries;
};
static_assert(sizeof(AccessList) ==
              sizeof(posix_acl_xattr_header) + 5 * sizeof(posix_acl_xattr_entry));

posix_acl_xattr_entry entry(std::uint16_t kind, std::uint16_t permissions,
                            std::uint32_t id = static_cast<std::uint32_t>(ACL_UNDEFINED_ID)) {
  return {htole16(kind), htole16(permissions), htole32(id)};
}

}  // namespace

bool let_group_read(int file, std::uint32_t group) {
  const AccessList list{
      {htole32(POSIX_ACL_XATTR_VERSION)},
      {entry(ACL_USER_OBJ, ACL_READ | ACL_WRITE), entry(ACL_GROUP_OBJ, ACL_READ),
       entry(ACL_GROUP, ACL_READ, group), entry(ACL_MASK, ACL_READ), entry(ACL_OTHER, 0)}};
  return ::fsetxattr(file, "system.posix_acl_access", &list, sizeof list, 0) == 0;
}

}  // namespace attestrd
