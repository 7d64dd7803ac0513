#include <memory>

#include "contract/memory_queue.h"
#include "contract/queue_contract.h"
#include "contract/shared_queue_contract.h"

namespace attestrd::test {
namespace {

class MemoryQueueMaker {
 public:
  Queue& queue() { return *queue_; }
  void reopen() { queue_ = std::make_unique<MemoryQueue>(store_, faults_); }

 private:
  Faults faults_;
  MemoryStore store_;
  std::unique_ptr<MemoryQueue> queue_ = std::make_unique<MemoryQueue>(store_, faults_);
};

class SharedMemoryMaker {
 public:
  Queue& first() { return first_; }
  Queue& second() { return second_; }
  void take_over() { store_.take_over("first", "second", second_.generation()); }
  void limit_day(std::uint64_t requests) { store_.daily_limit = requests; }

 private:
  Faults faults_;
  MemoryStore store_;
  MemoryQueue first_{store_, faults_, "first"};
  MemoryQueue second_{store_, faults_, "second"};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, QueueContract, MemoryQueueMaker);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, SharedQueueContract, SharedMemoryMaker);

}  // namespace
}  // namespace attestrd::test
