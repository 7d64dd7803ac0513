#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <optional>

namespace attestrd {

/// A thread for work that would hold up the event loop: one piece after another. It starts with the
/// first of them. All calls come from the event loop.
class SideThread {
 public:
  explicit SideThread(boost::asio::any_io_executor loop);

  /// Does `work` on the thread, then `finish` on the loop, which does not run out of work before.
  void run(std::function<void()> work, std::function<void()> finish);

 private:
  bool start();

  boost::asio::any_io_executor loop_;
  /// Its destructor waits for the work that is in progress, and drops what waits.
  std::optional<boost::asio::thread_pool> thread_;
};

}  // namespace attestrd
