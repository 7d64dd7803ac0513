#pragma once

#include "attestr.h"
#include "server.h"

#include <optional>
#include <string>

namespace attestrd::simulator {

/// The command line. Empty file names: none.
struct Options {
  AttestrSettings attestr;
  ServerSettings server;
  bool fates = false;  ///< Tell fates instead of serving.
  std::string port_file;
  std::string token_file;
  std::string secret_file;
  std::string known_file;
  std::string tags_file;
  std::string request_log;
  std::string summary_file;
};

/// Fills `options`, files unread. Returns the exit code when there is nothing left to do: help has
/// been shown (0), or the command line is wrong and stderr says why (64).
std::optional<int> parse_options(int argc, const char* const* argv, Options& options);

}  // namespace attestrd::simulator
