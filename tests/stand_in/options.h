#pragma once

#include "attestr.h"
#include "server.h"

#include <optional>
#include <string>

namespace attestrd::simulator {

/// The settings of the command line. An empty file name stands for no file.
struct Options {
  AttestrSettings attestr;
  ServerSettings server;
  bool fates = false;  ///< Print fates and start no server.
  std::string port_file;
  std::string token_file;
  std::string secret_file;
  std::string known_file;
  std::string tags_file;
  std::string request_log;
  std::string summary_file;
};

/// Fills `options` without reading files. Returns an exit code if the program is to end: help has
/// been printed (0), or the command line is wrong and stderr has the reason (64).
std::optional<int> parse_options(int argc, const char* const* argv, Options& options);

}  // namespace attestrd::simulator
