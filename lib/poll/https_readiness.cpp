#include "poll/https_readiness.h"

#include <boost/asio/bind_allocator.hpp>

#include <thread>
#include <utility>

#include "base/check.h"

namespace attestrd {
namespace {

// Asked in a row before others on the event loop have their turn.
constexpr int kRounds = 8;
// At load an answer is in no hurry, while each look at the set costs a system call: fewer than this
// many at once are not worth one.
constexpr int kWorthALook = 16;
constexpr std::chrono::microseconds kGathering(250);
// Load: one look comes so soon after the other.
constexpr std::chrono::milliseconds kSoon(1);

epoll_event event_for(HttpsReadiness::Listener& listener, bool wants_write) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP;
  if (wants_write) event.events |= EPOLLOUT;
  event.data.ptr = &listener;
  return event;
}

}  // namespace

HttpsReadiness::HttpsReadiness(const boost::asio::any_io_executor& executor)
    : epoll_(executor, ::epoll_create1(EPOLL_CLOEXEC)) {}

void HttpsReadiness::add(int socket, Listener& listener) {
  epoll_event event = event_for(listener, false);
  ATTESTRD_CHECK(::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, socket, &event) == 0);
  ++sockets_;
  if (!is_waiting_) wait();
}

void HttpsReadiness::want_write(int socket, Listener& listener, bool wanted) {
  epoll_event event = event_for(listener, wanted);
  ATTESTRD_CHECK(::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_MOD, socket, &event) == 0);
}

void HttpsReadiness::remove(int socket, const Listener& listener) {
  ATTESTRD_CHECK(::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, socket, nullptr) == 0);
  for (int i = told_; i < ready_; ++i)
    if (events_[static_cast<std::size_t>(i)].data.ptr == &listener)
      events_[static_cast<std::size_t>(i)].data.ptr = nullptr;
  if (--sockets_ == 0) epoll_.cancel();
}

void HttpsReadiness::wait() {
  is_waiting_ = true;
  auto told = [self = shared_from_this()](const boost::system::error_code& error) {
    self->is_waiting_ = false;
    if (!error) self->tell();
    if (self->sockets_ > 0) self->wait();
  };
  epoll_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                    boost::asio::bind_allocator(memory_, std::move(told)));
}

void HttpsReadiness::tell() {
  const bool is_at_load = std::chrono::steady_clock::now() - last_told_ < kSoon;
  for (int round = 0; round < kRounds; ++round) {
    ready_ = ::epoll_wait(epoll_.native_handle(), events_.data(), kEvents, 0);
    if (ready_ <= 0) break;
    bool is_of_use = false;
    for (told_ = 0; told_ < ready_;) {
      auto* const listener =
          static_cast<Listener*>(events_[static_cast<std::size_t>(told_++)].data.ptr);
      if (listener != nullptr) is_of_use |= listener->on_ready();
    }
    if (!is_of_use) break;  // They wait for their turn on the loop.
    if (is_at_load && ready_ < kWorthALook) std::this_thread::sleep_for(kGathering);
  }
  told_ = ready_ = 0;
  last_told_ = std::chrono::steady_clock::now();
}

}  // namespace attestrd
