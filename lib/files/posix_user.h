#pragma once

#include <string>

#include "base/result.h"

namespace attestrd {

/// If root runs the process, becomes the user who owns the folder, with the groups of that user.
/// Otherwise files and locks of root would be left, which would keep the service of that user from
/// its next start. Of root's rights only CAP_LEASE remains, as in the unit: with it a lease on
/// another user's file can be had.
Result<void> become_owner_of(const std::string& folder);

}  // namespace attestrd
