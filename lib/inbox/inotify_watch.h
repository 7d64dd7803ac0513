#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "inbox/inbox.h"

namespace attestrd {

/// A watch that reports changes in the inbox and in its folder of claimed files, so that a scan
/// need not wait for its interval. The reports are only hints: an overflow, or a file system that
/// reports nothing, costs only delay.
class InotifyWatch {
 public:
  /// Called on the event loop, once for a burst of changes. `is_overflow`: some are missing.
  using OnEvents = std::function<void(std::vector<InboxEvent> events, bool is_overflow)>;

  static Result<std::unique_ptr<InotifyWatch>> make(boost::asio::io_context& loop,
                                                    const std::string& inbox,
                                                    const std::string& claimed, OnEvents on_events);

 private:
  InotifyWatch(boost::asio::io_context& loop, int descriptor, int claimed, OnEvents on_events);
  void wait();
  void report(std::size_t bytes);

  boost::asio::posix::stream_descriptor descriptor_;
  int claimed_;  ///< The watch of the folder of claimed files.
  OnEvents on_events_;
  alignas(8) std::array<char, 64 * 1024> buffer_;
};

}  // namespace attestrd
