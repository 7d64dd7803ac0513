#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <sysexits.h>

#include <boost/version.hpp>

#include "daemon/cli/command_table.h"
#include "daemon/version.h"

namespace attestrd {
int cmd_version(const Given&) {
  fmt::print("attestrd {}\n", kVersion);
  fmt::print("Boost {}.{}.{}\n", BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1'000,
             BOOST_VERSION % 100);
  fmt::print("{}\n", OpenSSL_version(OPENSSL_VERSION));
  fmt::print("SQLite {}\n", sqlite3_libversion());
  return EX_OK;
}

}  // namespace attestrd
