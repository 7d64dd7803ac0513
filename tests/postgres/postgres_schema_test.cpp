#include "queue/postgres/postgres_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "postgres/fleet_scene.h"

namespace attestrd::test {
namespace {

using ::testing::HasSubstr;

class PostgresSchemaTest : public ::testing::Test {
 protected:
  void expect_error(const Result<void>& result, Errc code, const char* text) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code);
    EXPECT_THAT(result.error().message, HasSubstr(text));
  }

  Result<void> check() {
    const auto checked = check_postgres(fleet_.connection());
    if (!checked) return checked.error();
    return {};
  }

  Fleet fleet_{address_in("ATTESTRD_POSTGRES")};
};

TEST_F(PostgresSchemaTest, TheTablesAreMadeOnce) {
  fleet_.enter("first");
  ASSERT_TRUE(init_postgres(fleet_.connection()));
  EXPECT_TRUE(*find_node(fleet_.connection(), "first")) << "nothing was lost";
  const auto server = expected(check_postgres(fleet_.connection()));
  EXPECT_GE(server.version, 140000);
  EXPECT_FALSE(server.is_replication_synchronous);
}

TEST_F(PostgresSchemaTest, SeveralThatMakeTheTablesAtOnceAgree) {
  fleet_.sql("DROP SCHEMA attestrd CASCADE");
  std::vector<std::future<Result<void>>> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(std::async(std::launch::async, [] {
      const auto connection = Fleet::connect(address_in("ATTESTRD_POSTGRES"));
      return init_postgres(*connection);
    }));
  for (auto& one : all) {
    const auto made = one.get();
    EXPECT_TRUE(made || made.error().code == Errc::unavailable) << made.error().message;
  }
  EXPECT_TRUE(check());
}

TEST_F(PostgresSchemaTest, TablesOfANewerVersionAreLeftAlone) {
  fleet_.sql("UPDATE attestrd.schema_version SET version = 999");
  expect_error(check(), Errc::newer_version, "upgrade attestrd");
  expect_error(init_postgres(fleet_.connection()), Errc::newer_version, "999");
  EXPECT_EQ(fleet_.sql("SELECT version FROM attestrd.schema_version").front().number(0, 0), 999);
}

TEST_F(PostgresSchemaTest, MissingTablesAreNamedWithTheCommandThatMakesThem) {
  fleet_.sql("UPDATE attestrd.schema_version SET version = 0");
  expect_error(check(), Errc::invalid_config, "attestrd fleet init");
  fleet_.sql("DROP SCHEMA attestrd CASCADE");
  expect_error(check(), Errc::invalid_config, "attestrd fleet init");
}

TEST_F(PostgresSchemaTest, AUserWithoutRightsIsToldSo) {
  auto address = address_in("ATTESTRD_POSTGRES");
  address.uri.replace(address.uri.find("attestrd@"), 9, "locked@");
  address.password = std::getenv("ATTESTRD_POSTGRES_PASSWORD");
  const auto connection = Fleet::connect(address);
  const auto checked = check_postgres(*connection);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Errc::permission_denied);
  EXPECT_FALSE(init_postgres(*connection));
}

}  // namespace
}  // namespace attestrd::test
