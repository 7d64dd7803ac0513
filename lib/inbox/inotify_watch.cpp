#include "inbox/inotify_watch.h"

#include <fmt/format.h>
#include <sys/inotify.h>

#include <boost/asio/buffer.hpp>

#include <cerrno>
#include <cstring>
#include <utility>

#include "files/posix_calls.h"

namespace attestrd {

Result<std::unique_ptr<InotifyWatch>> InotifyWatch::make(boost::asio::io_context& loop,
                                                         const std::string& folder,
                                                         std::function<void()> on_change) {
  Descriptor descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  constexpr std::uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR;
  if (descriptor.get() < 0 || ::inotify_add_watch(descriptor.get(), folder.c_str(), kChanges) < 0) {
    const int error = errno;
    return fail(Errc::io_failure, fmt::format("can't watch {}: {}", folder, std::strerror(error)));
  }
  return std::unique_ptr<InotifyWatch>(
      new InotifyWatch(loop, descriptor.release(), std::move(on_change)));
}

InotifyWatch::InotifyWatch(boost::asio::io_context& loop, int descriptor,
                           std::function<void()> on_change)
    : descriptor_(loop, descriptor), on_change_(std::move(on_change)) {
  wait();
}

void InotifyWatch::wait() {
  descriptor_.async_read_some(boost::asio::buffer(events_),
                              [this](boost::system::error_code error, std::size_t) {
                                if (error) return;
                                on_change_();
                                wait();
                              });
}

}  // namespace attestrd
