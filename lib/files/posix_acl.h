#pragma once

#include <cstdint>

namespace attestrd {

/// Lets a group read a file of this user by an entry of the file's ACL (acl(5)). Its owner and its
/// owning group keep what they may: read and write, and read; all others may nothing. Returns
/// false, and changes nothing, where the file system has no ACLs or the file belongs to another
/// user.
bool let_group_read(int file, std::uint32_t group);

}  // namespace attestrd
