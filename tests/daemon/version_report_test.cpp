#include "daemon/cli/version_report.h"

#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <sqlite3.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "daemon/version.h"
#include "queue/postgres/postgres_schema.h"
#include "queue/schema.h"
#include "spool/record.h"

namespace attestrd {
namespace {

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(VersionReport, NamesTheProgramItsBuildItsFormatsAndItsLibraries) {
  std::istringstream lines(version_text());
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "attestrd " + std::string(kVersion));
  std::getline(lines, line);
  EXPECT_TRUE(line.starts_with("released 20")) << line;
  const auto text = version_text();
  for (const auto& wanted : {", built as ", "\nqueue file: version 7, reads 1 to 7\n",
                             "\nPostgreSQL tables: version 1\n", "\nrecords: attestrd.result/1\n",
                             "\nBoost 1.", "\nOpenSSL 3.", "\nlibpq 1", "\nspdlog 1."})
    EXPECT_NE(text.find(wanted), text.npos) << wanted << text;
  EXPECT_NE(text.find("\nSQLite " + std::string(sqlite3_libversion()) + "\n"), text.npos);
}

TEST(VersionReport, HasOneObjectForPrograms) {
  const auto line = version_json();
  EXPECT_TRUE(line.ends_with("}\n"));
  const auto report = boost::json::parse(line).as_object();
  EXPECT_EQ(report.at("version").as_string(), kVersion);
  EXPECT_EQ(report.at("released").as_string().size(), 10U);
  EXPECT_FALSE(report.at("build_type").as_string().empty());
  EXPECT_FALSE(report.at("compiler").as_string().empty());
  const auto& formats = report.at("formats").as_object();
  EXPECT_EQ(formats.at("queue").as_int64(), schema::kVersion);
  EXPECT_EQ(formats.at("oldest_queue").as_int64(), 1);
  EXPECT_EQ(formats.at("postgres").as_int64(), kPostgresSchemaVersion);
  EXPECT_EQ(formats.at("record").as_string(), kRecordSchema);
  EXPECT_EQ(report.at("libraries").as_object().size(), 5U);
  EXPECT_EQ(report.at("libraries").at("openssl").as_string(),
            OpenSSL_version(OPENSSL_VERSION_STRING));
}

/// A format's document must follow its version.
TEST(VersionReport, DocumentsStateTheVersionsOfToday) {
  const auto queue = text_of(ATTESTRD_LIB "/queue/FORMAT.md");
  const auto row = "| attestrd " + std::string(kVersion) + " | " +
                   std::to_string(schema::kVersion) + " | 1 to " +
                   std::to_string(schema::kVersion) + " | " +
                   std::to_string(kPostgresSchemaVersion) + " |";
  EXPECT_NE(queue.find(row), queue.npos) << row;
  const auto records = text_of(ATTESTRD_LIB "/spool/FORMAT.md");
  EXPECT_NE(records.find("| `" + std::string(kRecordSchema) + "` | attestrd 1.0.0"), records.npos);
}

}  // namespace
}  // namespace attestrd
