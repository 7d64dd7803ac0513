#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/sealer.h"
#include "daemon/config/config.h"
#include "daemon/config/secrets.h"

namespace attestrd {

/// Those to whom the answers in records are encrypted.
struct Recipients {
  std::shared_ptr<const Sealer> sealer{};  ///< Null: answers are not encrypted.
  std::size_t count = 0;
  std::vector<DoubtfulFile> doubtful{};  ///< Their certificates that are not valid now.
};

/// Reads the certificates in the file that `spool.seal_to` names; it may be empty. Blocks, and may
/// be called on any thread. Errors name the file and the setting: `invalid_config`,
/// `permission_denied`, or `io_failure` if the cause may pass.
Result<Recipients> read_recipients(const Config& config, Wall now);

}  // namespace attestrd
