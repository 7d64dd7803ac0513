#include <cstdlib>
#include <memory>
#include <string>

#include "base/check.h"
#include "contract/queue_contract.h"
#include "contract/shared_queue_contract.h"
#include "postgres/fleet_scene.h"

namespace attestrd::test {
namespace {

template <class Way>
class PostgresQueueMaker {
 public:
  Queue& queue() { return *queue_; }

  void reopen() {
    queue_.reset();
    queue_ = fleet_.open("node");
  }

 private:
  Fleet fleet_{Way::address()};
  std::unique_ptr<PostgresQueue> queue_ = fleet_.open("node");
};

template <class Way>
class SharedPostgresMaker {
 public:
  Queue& first() { return *first_; }
  Queue& second() { return *second_; }
  void take_over() { fleet_.take_over(*first_, *second_); }
  void limit_day(std::uint64_t requests) {
    fleet_.sql("UPDATE attestrd.node SET daily = " + std::to_string(requests));
  }

 private:
  Fleet fleet_{Way::address()};
  std::unique_ptr<PostgresQueue> first_ = fleet_.open("first");
  std::unique_ptr<PostgresQueue> second_ = fleet_.open("second");
};

struct Direct {
  static PostgresAddress address() { return address_in("ATTESTRD_POSTGRES"); }
};
struct ThroughPgBouncer {
  static PostgresAddress address() { return address_in("ATTESTRD_PGBOUNCER"); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, QueueContract, PostgresQueueMaker<Direct>);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, SharedQueueContract, SharedPostgresMaker<Direct>);
INSTANTIATE_TYPED_TEST_SUITE_P(PgBouncer, QueueContract, PostgresQueueMaker<ThroughPgBouncer>);
INSTANTIATE_TYPED_TEST_SUITE_P(PgBouncer, SharedQueueContract,
                               SharedPostgresMaker<ThroughPgBouncer>);

}  // namespace
}  // namespace attestrd::test
