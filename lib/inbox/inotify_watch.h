#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace attestrd {

/// A watch that reports changes in a folder, so that the next scan need not wait for its interval.
/// The report is only a hint, and the scan finds the files: an overflow, or a file system that
/// reports nothing, costs only delay.
class InotifyWatch {
 public:
  /// Watches a folder. `on_change` is called on the event loop, once for a burst of changes.
  static Result<std::unique_ptr<InotifyWatch>> make(boost::asio::io_context& loop,
                                                    const std::string& folder,
                                                    std::function<void()> on_change);

 private:
  InotifyWatch(boost::asio::io_context& loop, int descriptor, std::function<void()> on_change);
  void wait();

  boost::asio::posix::stream_descriptor descriptor_;
  std::function<void()> on_change_;
  std::array<char, 16 * 1024> events_;  // Read and discarded.
};

}  // namespace attestrd
