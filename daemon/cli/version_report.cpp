#include "daemon/cli/version_report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <openssl/crypto.h>
#include <spdlog/version.h>
#include <sqlite3.h>

#include <boost/version.hpp>
#include <string_view>

#include "daemon/version.h"
#include "json/json_writer.h"
#include "queue/postgres/postgres_schema.h"
#include "queue/schema.h"
#include "spool/record.h"

namespace attestrd {
namespace {

#ifdef __clang__
constexpr std::string_view kCompiler = "clang " __clang_version__;
#else
constexpr std::string_view kCompiler = "g++ " __VERSION__;
#endif

/// The oldest version of the queue file that this program upgrades: the first one.
constexpr int kOldestQueue = 1;

struct Libraries {
  std::string boost = fmt::format("{}.{}.{}", BOOST_VERSION / 100'000, BOOST_VERSION / 100 % 1'000,
                                  BOOST_VERSION % 100);
  std::string openssl = OpenSSL_version(OPENSSL_VERSION_STRING);
  std::string sqlite = sqlite3_libversion();
  std::string libpq =  // 150018 is 15.18.
      fmt::format("{}.{}", PQlibVersion() / 10'000, PQlibVersion() % 10'000);
  std::string spdlog =
      fmt::format("{}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH);
};

std::string released() { return fmt::format("{:%F}", kReleaseDate); }

}  // namespace

std::string version_text() {
  const Libraries libraries;
  return fmt::format("attestrd {}\n", kVersion) +
         fmt::format("released {}, built as {} by {}\n", released(), ATTESTRD_BUILD_TYPE,
                     kCompiler) +
         fmt::format("queue file: version {}, reads {} to {}\n", schema::kVersion, kOldestQueue,
                     schema::kVersion) +
         fmt::format("PostgreSQL tables: version {}\n", kPostgresSchemaVersion) +
         fmt::format("records: {}\n", kRecordSchema) + fmt::format("Boost {}\n", libraries.boost) +
         fmt::format("OpenSSL {}\n", libraries.openssl) +
         fmt::format("SQLite {}\n", libraries.sqlite) + fmt::format("libpq {}\n", libraries.libpq) +
         fmt::format("spdlog {}\n", libraries.spdlog);
}

std::string version_json() {
  const Libraries libraries;
  std::string line;
  JsonWriter writer(line);
  writer.begin_object();
  writer.text("version", kVersion);
  writer.text("released", released());
  writer.text("build_type", ATTESTRD_BUILD_TYPE);
  writer.text("compiler", kCompiler);
  writer.begin_object("formats");
  writer.number("queue", schema::kVersion);
  writer.number("oldest_queue", kOldestQueue);
  writer.number("postgres", kPostgresSchemaVersion);
  writer.text("record", kRecordSchema);
  writer.end_object();
  writer.begin_object("libraries");
  writer.text("boost", libraries.boost);
  writer.text("openssl", libraries.openssl);
  writer.text("sqlite", libraries.sqlite);
  writer.text("libpq", libraries.libpq);
  writer.text("spdlog", libraries.spdlog);
  writer.end_object();
  writer.end_object();
  return line + "\n";
}

}  // namespace attestrd
