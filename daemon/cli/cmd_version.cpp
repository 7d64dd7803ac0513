#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <sysexits.h>

#include <CLI/App.hpp>
#include <boost/version.hpp>

#include "daemon/cli/commands.h"
#include "daemon/version.h"

namespace attestrd {
namespace {

int print_version() {
  fmt::print("attestrd {}\n", kVersion);
  fmt::print("Boost {}.{}.{}\n", BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1'000,
             BOOST_VERSION % 100);
  fmt::print("{}\n", OpenSSL_version(OPENSSL_VERSION));
  fmt::print("SQLite {}\n", sqlite3_libversion());
  return EX_OK;
}

}  // namespace

void add_version(CLI::App& app, Command& chosen) {
  CLI::App* command =
      app.add_subcommand("version", "Prints the version, and those of the libraries in use");
  command->footer("Example:\n  attestrd version | head -n 1");
  command->callback([&chosen] { chosen = print_version; });
}

}  // namespace attestrd
