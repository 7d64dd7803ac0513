#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <list>

#include "base/time.h"

namespace attestrd {

/// Calls `then` on the loop after `delay`, unless the timer is set again, cancelled or destroyed.
void call_after(boost::asio::steady_timer& timer, Duration delay, std::function<void()> then);

/// Periodic jobs. Used on the event loop only.
class Chores {
 public:
  explicit Chores(boost::asio::io_context& loop) : loop_(loop) {}

  /// Adds a job that runs at start() and again `interval` after each of its ends.
  void add(Duration interval, std::function<void()> job);

  void start();

 private:
  struct Chore {
    Duration interval;
    std::function<void()> job;
    boost::asio::steady_timer timer;
  };

  static void run(Chore& chore);

  boost::asio::io_context& loop_;
  std::list<Chore> chores_;
};

}  // namespace attestrd
