#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "daemon/cli/commands.h"

namespace {

/// Otherwise the first files opened would take their numbers, and messages would be written there.
void keep_standard_streams_open() {
  for (int opened = 0; opened >= 0 && opened <= STDERR_FILENO;) {
    opened = ::open("/dev/null", O_RDWR);
    if (opened > STDERR_FILENO) ::close(opened);
  }
}

int run(const attestrd::Command& command) {
  try {
    const int code = command();
    const bool is_written = std::fflush(stdout) == 0;
    return code == EX_OK && !is_written ? EX_IOERR : code;
  } catch (const std::exception& error) {
    fmt::print(stderr, "attestrd: internal error: {}\n", error.what());
    return EX_SOFTWARE;
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams_open();
  // Whoever starts us, a narrower mask gives way too: the group hands in and takes the records.
  ::umask(S_IWGRP | S_IRWXO);
  // A file that meets a limit of its size is an error like any other.
  std::signal(SIGXFSZ, SIG_IGN);

  CLI::App app("Fetches the results of Attestr handshakes: never lost, never forged, exactly once.",
               "attestrd");
  app.require_subcommand(1);
  app.footer(
      "`attestrd COMMAND --help` shows examples.\n"
      "Exit codes are those of sysexits.h: 0, 64 usage, 65 bad input, 69 unavailable,\n"
      "70 internal, 74 I/O, 77 permission, 78 configuration.");
  using namespace attestrd;
  Command chosen;
  for (auto* const add :
       {add_run, add_submit, add_status, add_explain, add_verify, add_check_config, add_version})
    add(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == EX_OK ? EX_OK : EX_USAGE;
  }
  return run(chosen);
}
