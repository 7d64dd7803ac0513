#pragma once

namespace attestrd {

/// Prevents core files, and reads by other processes of the same user: the memory contains secrets
/// and personal data, or is about to. A build with AddressSanitizer stays readable for its leak
/// check, which traces its own process.
void keep_memory_private();

}  // namespace attestrd
