#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace attestrd {

/// A user of the system.
struct SystemUser {
  uid_t id = 0;
  gid_t group = 0;
  std::string name;  ///< Empty if the system has no name for the user.

  /// Returns `the user NAME`, or the number of the user.
  std::string shown() const;
};

/// Returns the owner of a folder, unless that is root or the folder can't be found.
std::optional<SystemUser> owner_of(const std::string& folder);

/// Returns nothing if there is no such user.
std::optional<SystemUser> user_of_name(const std::string& name);

/// Root gives up its rights for good: the process becomes the user, with all groups of the user.
/// Only CAP_LEASE remains, as in the unit: with it a lease on another user's file can be had.
Result<void> become(const SystemUser& user);

/// If root runs the process, becomes the user who owns the folder. Otherwise files and locks of
/// root would be left, which would keep the service of that user from its next start.
Result<void> become_owner_of(const std::string& folder);

/// A scope in which a process of root acts on files as the user who owns the folder: what it makes
/// belongs to that user. For a process with one thread.
class ActingAsOwner {
 public:
  explicit ActingAsOwner(const std::string& folder);
  ~ActingAsOwner();
  ActingAsOwner(const ActingAsOwner&) = delete;
  ActingAsOwner& operator=(const ActingAsOwner&) = delete;

 private:
  bool is_other_ = false;
};

}  // namespace attestrd
