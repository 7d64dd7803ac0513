#include "contract/queue_contract.h"
#include "io/temporary_folder.h"
#include "queue/sqlite_queue.h"

namespace attestrd::test {
namespace {

class SqliteQueueMaker {
 public:
  Queue& queue() { return *queue_; }

  void reopen() {
    queue_.reset();
    queue_ = open();
  }

 private:
  std::unique_ptr<SqliteQueue> open() const {
    return *SqliteQueue::open(disk_.path("queue.db").string());
  }

  TemporaryFolder disk_;
  std::unique_ptr<SqliteQueue> queue_ = open();
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, QueueContract, SqliteQueueMaker);

}  // namespace
}  // namespace attestrd::test
