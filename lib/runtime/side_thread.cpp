#include "runtime/side_thread.h"

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <exception>
#include <utility>

namespace attestrd {

namespace asio = boost::asio;

SideThread::SideThread(asio::any_io_executor loop) : loop_(std::move(loop)) {}

void SideThread::run(std::function<void()> work, std::function<void()> finish) {
  auto loop = asio::prefer(loop_, asio::execution::outstanding_work.tracked);
  auto task = [work = std::move(work), finish = std::move(finish),
               loop = std::move(loop)]() mutable {
    work();
    asio::post(loop, std::move(finish));
  };
  if (thread_ || start()) return asio::post(*thread_, std::move(task));
  asio::post(loop_, std::move(task));
}

/// Starts the thread. If the system is short of threads, the loop does the work, and the next piece
/// tries again.
bool SideThread::start() {
  try {
    thread_.emplace(1);
  } catch (const std::exception&) {  // Never: a test can't make the system short of threads.
    thread_.reset();
  }
  return thread_.has_value();
}

}  // namespace attestrd
