#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "queue/postgres/postgres_connection.h"
#include "queue/postgres/postgres_nodes.h"
#include "queue/postgres/postgres_queue.h"
#include "queue/postgres/postgres_schema.h"

// A fleet in the private cluster that tests/postgres/with_cluster.py has started.

namespace attestrd::test {

/// Returns the address in an environment variable that with_cluster.py has set.
inline PostgresAddress address_in(const char* variable) {
  const char* const uri = std::getenv(variable);
  ATTESTRD_CHECK(uri != nullptr);
  PostgresAddress address;
  address.uri = uri;
  return address;
}

template <class T>
T expected(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str());
  ATTESTRD_CHECK(result.has_value());
  return std::move(*result);
}

/// Empty tables, and the nodes that enter.
class Fleet {
 public:
  explicit Fleet(PostgresAddress address)
      : address_(std::move(address)), connection_(connect(address_in("ATTESTRD_POSTGRES"))) {
    sql("DROP SCHEMA IF EXISTS attestrd CASCADE");
    const auto made = init_postgres(*connection_);
    if (!made) std::fprintf(stderr, "%s\n", made.error().message.c_str());
    ATTESTRD_CHECK(made.has_value());
  }

  static std::unique_ptr<PostgresConnection> connect(PostgresAddress address) {
    return expected(PostgresConnection::make(std::move(address)));
  }

  /// Starts a process of a node. The one before it, if it still runs, can change nothing more.
  std::unique_ptr<PostgresQueue> open(const std::string& node) { return open(node, address_); }

  std::unique_ptr<PostgresQueue> open(const std::string& node, PostgresAddress address) {
    auto member = enter(node);
    return std::make_unique<PostgresQueue>(connect(std::move(address)), std::move(member));
  }

  Membership enter(const std::string& node) {
    auto& spool = spools_[node];
    if (spool.empty()) spool = expected(new_instance(*connection_));
    const auto former = expected(find_node(*connection_, node));
    std::optional<FormerInstance> silent;
    if (former) silent = FormerInstance{former->instance, former->beat};
    return expected(enter_fleet(
        *connection_, {node, spool, expected(new_instance(*connection_)), "boot"}, silent));
  }

  /// Declares the node of a queue dead, and has another take all of its shelves over.
  void take_over(const PostgresQueue& from, const PostgresQueue& to) {
    const auto dead = *expected(find_node(*connection_, from.member().node));
    ATTESTRD_CHECK(expected(declare_dead(*connection_, dead.name, {dead.instance, dead.beat})));
    for (const auto& lease : dead.shelves)
      ATTESTRD_CHECK(
          expected(take_over_shelf(*connection_, {dead.instance, lease}, to.member(), 0)));
  }

  std::vector<PostgresResult> sql(const std::string& text) {
    return expected(connection_->run({{text.c_str()}}));
  }

  PostgresConnection& connection() { return *connection_; }

 private:
  PostgresAddress address_;
  std::unique_ptr<PostgresConnection> connection_;
  std::map<std::string, std::string> spools_;  ///< By node.
};

}  // namespace attestrd::test
