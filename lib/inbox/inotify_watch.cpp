#include "inbox/inotify_watch.h"

#include <fmt/format.h>
#include <sys/inotify.h>

#include <boost/asio/buffer.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "files/posix_calls.h"

namespace attestrd {

namespace {

constexpr std::uint32_t kInboxChanges =
    IN_CREATE | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_TO | IN_ONLYDIR;
// A writer that had the file open before the claim closes it. What it writes before that, the next
// full scan finds.
constexpr std::uint32_t kClaimedChanges = IN_CLOSE_WRITE | IN_ONLYDIR;

Error watch_error(const std::string& folder) {
  const int error = errno;
  return fail(Errc::io_failure, fmt::format("can't watch {}: {}", folder, std::strerror(error)));
}

}  // namespace

Result<std::unique_ptr<InotifyWatch>> InotifyWatch::make(boost::asio::io_context& loop,
                                                         const std::string& inbox,
                                                         const std::string& claimed,
                                                         OnEvents on_events) {
  Descriptor descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (descriptor.get() < 0) return watch_error(inbox);
  if (::inotify_add_watch(descriptor.get(), inbox.c_str(), kInboxChanges) < 0)
    return watch_error(inbox);
  const int watch = ::inotify_add_watch(descriptor.get(), claimed.c_str(), kClaimedChanges);
  if (watch < 0) return watch_error(claimed);
  return std::unique_ptr<InotifyWatch>(
      new InotifyWatch(loop, descriptor.release(), watch, std::move(on_events)));
}

InotifyWatch::InotifyWatch(boost::asio::io_context& loop, int descriptor, int claimed,
                           OnEvents on_events)
    : descriptor_(loop, descriptor), claimed_(claimed), on_events_(std::move(on_events)) {
  wait();
}

void InotifyWatch::wait() {
  descriptor_.async_read_some(boost::asio::buffer(buffer_),
                              [this](boost::system::error_code error, std::size_t count) {
                                if (error) return;
                                report(count);
                                wait();
                              });
}

void InotifyWatch::report(std::size_t bytes) {
  std::vector<InboxEvent> events;
  bool is_overflow = false;
  for (std::size_t at = 0; at < bytes;) {
    struct inotify_event head;
    std::memcpy(&head, buffer_.data() + at, sizeof head);
    is_overflow |= (head.mask & IN_Q_OVERFLOW) != 0;
    const char* const name = buffer_.data() + at + sizeof head;
    at += sizeof head + head.len;
    if (head.len == 0 || (head.mask & IN_ISDIR) != 0) continue;
    using Kind = InboxEvent::Kind;
    const Kind kind = (head.mask & IN_MOVED_TO) != 0 ? Kind::moved_in : Kind::changed;
    events.push_back({head.wd == claimed_ ? Kind::claimed : kind, name});
  }
  if (is_overflow || !events.empty()) on_events_(std::move(events), is_overflow);
}

}  // namespace attestrd
