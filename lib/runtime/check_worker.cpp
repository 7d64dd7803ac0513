#include "runtime/check_worker.h"

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <exception>
#include <utility>

namespace attestrd {

namespace asio = boost::asio;

CheckWorker::CheckWorker(asio::any_io_executor loop) : loop_(std::move(loop)) {}

void CheckWorker::check(std::shared_ptr<LargeAnswer> answer, const Verifier& verifier,
                        OnChecked on_checked) {
  auto loop = asio::prefer(loop_, asio::execution::outstanding_work.tracked);
  auto own = std::make_shared<Verifier>(verifier);
  auto task = [answer = std::move(answer), own = std::move(own), loop = std::move(loop),
               on_checked = std::move(on_checked)] {
    answer->checked = check_answer(answer->response(), answer->id, *own);
    asio::post(loop, [answer, on_checked] { on_checked(*answer); });
  };
  if (thread_ || start()) {
    asio::post(*thread_, std::move(task));
  } else {
    asio::post(loop_, std::move(task));
  }
}

/// Starts the thread. If the system is short of threads, the loop does the check, and the next
/// answer tries again.
bool CheckWorker::start() {
  try {
    thread_.emplace(1);
  } catch (const std::exception&) {  // Never: a test can't make the system short of threads.
    thread_.reset();
  }
  return thread_.has_value();
}

}  // namespace attestrd
