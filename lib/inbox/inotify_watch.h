#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace attestrd {

/// Says that something happened in a folder, so that a scan need not wait for its turn. A hint and
/// no more: what is there, the scan finds; an overflow, or a file system that tells nothing, costs
/// delay alone.
class InotifyWatch {
 public:
  /// `on_change` is called on the loop, once for a burst of changes.
  static Result<std::unique_ptr<InotifyWatch>> make(boost::asio::io_context& loop,
                                                    const std::string& folder,
                                                    std::function<void()> on_change);

 private:
  InotifyWatch(boost::asio::io_context& loop, int descriptor, std::function<void()> on_change);
  void wait();

  boost::asio::posix::stream_descriptor descriptor_;
  std::function<void()> on_change_;
  std::array<char, 16 * 1024> events_;  // read and thrown away
};

}  // namespace attestrd
