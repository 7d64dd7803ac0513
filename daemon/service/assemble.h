#pragma once

#include <filesystem>

#include "daemon/config/config.h"
#include "daemon/config/secrets.h"

namespace attestrd {

struct RunOptions {
  std::filesystem::path config_file;  ///< Read again at a reload.
  bool until_empty = false;           ///< The run ends once inbox and queue are empty.
};

/// Runs the daemon until it ends and returns the exit code. This is the composition root.
int run_daemon(const Config& config, Secrets secrets, const RunOptions& options);

}  // namespace attestrd
