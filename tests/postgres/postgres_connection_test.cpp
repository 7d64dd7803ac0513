#include "queue/postgres/postgres_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <string>
#include <thread>

#include "postgres/fleet_scene.h"

namespace attestrd::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

Error error_of(PostgresAddress address, const char* sql = "SELECT 1") {
  auto connection = PostgresConnection::make(std::move(address));
  if (!connection) return connection.error();
  const auto result = (*connection)->run({{sql}});
  EXPECT_FALSE(result);
  return result ? Error{} : result.error();
}

PostgresAddress address_with(const std::string& uri) {
  PostgresAddress address;
  address.uri = uri;
  return address;
}

/// Returns the URI of the database for another user.
std::string uri_for(const std::string& user) {
  const auto uri = address_in("ATTESTRD_POSTGRES").uri;
  return "postgresql://" + user + uri.substr(uri.find('@'));
}

std::int64_t backend_of(PostgresConnection& connection) {
  return expected(connection.run({{"SELECT pg_backend_pid()"}})).front().number(0, 0);
}

TEST(PostgresConnectionTest, AnAddressThatCantBeUsedIsNotShown) {
  for (const auto* const uri :
       {"", "host=db1 dbname=attestrd", "postgresql://user:pa5sword@host/db",
        "postgresql://user@host:x/pa5sword", "postgresql://user@host/db?password=pa5sword",
        "postgresql://user@[pa5sword/db", "postgresql://u@a,b,c:1,2/db?password%=pa5sword"}) {
    const auto made = PostgresConnection::make(address_with(uri));
    ASSERT_FALSE(made) << uri;
    EXPECT_EQ(made.error().code, Errc::invalid_config);
    EXPECT_THAT(made.error().message, Not(HasSubstr("pa5sword")));
  }
}

TEST(PostgresConnectionTest, AWrongPasswordIsRefusedAndNotShown) {
  auto address = address_with(uri_for("locked"));
  for (const auto* const password : {"", "a-wrong-pa5sword", "locked"}) {
    address.password = password;
    const auto error = error_of(address);
    EXPECT_EQ(error.code, Errc::invalid_config);
    EXPECT_THAT(error.message, HasSubstr("can't be reached"));
    EXPECT_THAT(error.message, Not(HasSubstr("a-wrong-pa5sword")));
  }
  address.password = std::getenv("ATTESTRD_POSTGRES_PASSWORD");
  EXPECT_TRUE(expected(PostgresConnection::make(address))->run({{"SELECT 1"}}));
}

TEST(PostgresConnectionTest, APasswordThatIsChangedMeanwhileIsWaitedFor) {
  const auto admin = Fleet::connect(address_in("ATTESTRD_POSTGRES_ADMIN"));
  const std::string right = std::getenv("ATTESTRD_POSTGRES_PASSWORD");
  auto address = address_with(uri_for("locked"));
  address.password = right;
  const auto connection = Fleet::connect(address);
  const auto backend = backend_of(*connection);
  const auto end = "SELECT pg_terminate_backend(" + std::to_string(backend) + ")";
  expected(admin->run({{"ALTER ROLE locked PASSWORD 'new'"}, {end.c_str()}}));
  for (int i = 0; i < 2; ++i) {
    const auto result = connection->run({{"SELECT 1"}});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::unavailable);
  }
  const auto back = "ALTER ROLE locked PASSWORD '" + right + "'";
  expected(admin->run({{back.c_str()}}));
  EXPECT_TRUE(connection->run({{"SELECT 1"}}));
}

TEST(PostgresConnectionTest, AUserOrADatabaseThatDoesNotExistIsRefused) {
  EXPECT_EQ(error_of(address_with(uri_for("nobody"))).code, Errc::invalid_config);
  auto uri = uri_for("attestrd");
  uri.replace(uri.find("/attestrd?"), 10, "/none?");
  EXPECT_EQ(error_of(address_with(uri)).code, Errc::invalid_config);
}

TEST(PostgresConnectionTest, AHostIsReachedOverTlsAlone) {
  const std::string port = std::getenv("ATTESTRD_PGBOUNCER_TCP");
  for (const auto* const mode : {"", "?sslmode=disable", "?sslmode=prefer"}) {
    const auto error =
        error_of(address_with("postgresql://attestrd@127.0.0.1:" + port + "/attestrd" + mode));
    EXPECT_EQ(error.code, Errc::unavailable);
    EXPECT_THAT(error.message, AllOf(HasSubstr("127.0.0.1"), HasSubstr("SSL"))) << mode;
  }
}

TEST(PostgresConnectionTest, TheCertificateOfTheServerMustBeItsOwn) {
  const auto at = [](const std::string& host) {
    return address_with("postgresql://attestrd@" + host + ":" +
                        std::getenv("ATTESTRD_POSTGRES_TLS") + "/attestrd");
  };
  auto trusting = at("localhost");
  trusting.ca_file = std::getenv("ATTESTRD_POSTGRES_CA");
  const auto connection = Fleet::connect(trusting);
  const auto tls = connection->run({{"SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"}});
  ASSERT_TRUE(tls) << tls.error().message;
  EXPECT_TRUE(tls->front().flag(0, 0));
  EXPECT_THAT(error_of(at("localhost")).message, HasSubstr("certificate verify failed"));
  trusting.uri = at("127.0.0.1").uri;
  EXPECT_THAT(error_of(trusting).message, HasSubstr("does not match host name"));
}

TEST(PostgresConnectionTest, TheNextHostIsTriedWhenOneIsDead) {
  const auto uri = address_in("ATTESTRD_POSTGRES").uri;
  const auto at = uri.find("host=") + 5;
  auto both = uri;
  both.insert(at, "/nowhere,");
  EXPECT_TRUE(Fleet::connect(address_with(both))->run({{"SELECT 1"}}));
  const auto error = error_of(address_with("postgresql://u@/d?host=/nowhere"));
  EXPECT_EQ(error.code, Errc::unavailable);
  EXPECT_THAT(error.message, HasSubstr("/nowhere"));
}

TEST(PostgresConnectionTest, AReadOnlyServerIsUnavailable) {
  const auto admin = Fleet::connect(address_in("ATTESTRD_POSTGRES_ADMIN"));
  expected(admin->run({{"ALTER DATABASE attestrd SET default_transaction_read_only = on"}}));
  const auto error = error_of(address_in("ATTESTRD_POSTGRES"));
  expected(admin->run({{"BEGIN READ WRITE"},
                       {"ALTER DATABASE attestrd RESET default_transaction_read_only"},
                       {"COMMIT"}}));
  EXPECT_EQ(error.code, Errc::unavailable);
  EXPECT_THAT(error.message, HasSubstr("read-only"));
  const auto connection = Fleet::connect(address_in("ATTESTRD_POSTGRES"));
  const auto refused =
      connection->run({{"BEGIN READ ONLY"}, {"CREATE TABLE none (a int)"}, {"COMMIT"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_TRUE(connection->run({{"SELECT 1"}})) << "the transaction was rolled back";
}

TEST(PostgresConnectionTest, AServerThatHangsIsLeftAtTheDeadline) {
  auto address = address_in("ATTESTRD_POSTGRES");
  address.answer_within = 300ms;
  const auto connection = Fleet::connect(address);
  const auto backend = backend_of(*connection);
  ASSERT_EQ(::kill(static_cast<pid_t>(backend), SIGSTOP), 0);
  const auto begin = std::chrono::steady_clock::now();
  const auto result = connection->run({{"SELECT 1"}});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
  ::kill(static_cast<pid_t>(backend), SIGCONT);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::unavailable);
  EXPECT_THAT(result.error().message, HasSubstr("no answer in time"));
  EXPECT_NE(backend_of(*connection), backend) << "the next call has a new connection";
}

TEST(PostgresConnectionTest, AServerThatCrashesIsReachedAgain) {
  const auto connection = Fleet::connect(address_in("ATTESTRD_POSTGRES"));
  const auto admin = Fleet::connect(address_in("ATTESTRD_POSTGRES_ADMIN"));
  const auto pid =
      expected(admin->run({{"SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int"}}));
  expected(connection->run({{"SELECT 1"}}));
  ASSERT_EQ(::kill(static_cast<pid_t>(pid.front().number(0, 0)), SIGQUIT), 0);
  bool has_failed = false;
  for (int i = 0; i < 600; ++i) {
    const auto result = connection->run({{"SELECT 1"}});
    if (result && has_failed) return;
    if (!result) {
      ASSERT_EQ(result.error().code, Errc::unavailable) << result.error().message;
      has_failed = true;
    }
    std::this_thread::sleep_for(50ms);
  }
  FAIL() << "it was not reached again";
}

TEST(PostgresConnectionTest, NoMessageHasTheValuesOfARow) {
  const auto connection = Fleet::connect(address_in("ATTESTRD_POSTGRES"));
  for (const PostgresStatement& statement : std::initializer_list<PostgresStatement>{
           {"INSERT INTO tags (tag) VALUES ($1), ($1)", {"pa5sword"}},
           {"INSERT INTO tags (tag, length) VALUES ('a', $1::int)", {"pa5sword"}},
           {"INSERT INTO tags (tag) VALUES ($1 || repeat('pa5sword', 9))", {"b"}}}) {
    const auto result = connection->run(
        {{"CREATE TEMP TABLE tags (tag text UNIQUE CHECK (length(tag) < 20), length int)"},
         statement});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::io_failure);
    EXPECT_THAT(result.error().message, AllOf(HasSubstr("SQLSTATE"), Not(HasSubstr("pa5sword"))));
  }
}

TEST(PostgresConnectionTest, AStatementThatFailsStopsThoseAfterIt) {
  const auto connection = Fleet::connect(address_in("ATTESTRD_POSTGRES"));
  EXPECT_FALSE(connection->run(
      {{"BEGIN"}, {"CREATE TABLE public.never (a int)"}, {"SELECT 1 / 0"}, {"COMMIT"}}));
  EXPECT_TRUE(connection->is_conflict());
  const auto found = expected(connection->run({{"SELECT to_regclass('public.never')"}}));
  EXPECT_TRUE(found.front().is_null(0, 0));
  EXPECT_FALSE(connection->is_conflict());
}

TEST(PostgresConnectionTest, ALargePipelineAndItsAnswerPass) {
  const auto connection = Fleet::connect(address_in("ATTESTRD_POSTGRES"));
  const std::string large(8 << 20, 'x');
  const auto results = expected(
      connection->run({{"SELECT $1::text", {large}}, {"SELECT 7"}, {"SELECT $1::text", {large}}}));
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[1].number(0, 0), 7);
  EXPECT_TRUE(results[0].text(0, 0) == large && results[2].text(0, 0) == large);
}

}  // namespace
}  // namespace attestrd::test
