#include "http/https_addresses.h"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <string>

#include "base/limits.h"

namespace attestrd {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

HttpsAddresses::HttpsAddresses(const asio::any_io_executor& executor, const Endpoint& endpoint)
    : endpoint_(endpoint), resolver_(executor) {}

asio::awaitable<boost::system::result<HttpsAddresses::List>> HttpsAddresses::find(Instant until) {
  if (endpoint_.is_address()) {
    co_return List(1, tcp::endpoint(asio::ip::make_address(endpoint_.host), endpoint_.port));
  }
  const auto now = Instant::clock::now();
  if (!known_.empty() && now - found_at_ < limits::kAddressesFresh) co_return in_order();
  if (!is_looking_up_) look_up();
  if (!known_.empty()) until = std::min<Instant>(until, now + limits::kAddressesPatience);
  bool is_late = false;
  if (is_looking_up_) {
    // publish() cancels this timer, so an error of the wait means that the answer has come.
    asio::steady_timer timer(resolver_.get_executor(), until);
    waiting_.push_back(&timer);
    error_code cancelled;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    std::erase(waiting_, &timer);
    is_late = !cancelled;
  }
  if (is_stopped_) co_return error_code(asio::error::operation_aborted);
  if (!known_.empty()) co_return in_order();
  if (is_late) co_return error_code(asio::error::timed_out);
  co_return error_;
}

void HttpsAddresses::stop() {
  is_stopped_ = true;
  resolver_.cancel();
  publish(asio::error::operation_aborted);
}

void HttpsAddresses::look_up() try {
  is_looking_up_ = true;
  resolver_.async_resolve(
      endpoint_.host, std::to_string(endpoint_.port), tcp::resolver::numeric_service,
      [self = shared_from_this()](const error_code& error, const auto& entries) {
        self->is_looking_up_ = false;
        if (!error) {
          self->known_.assign(entries.begin(), entries.end());
          self->found_at_ = Instant::clock::now();
        }
        self->publish(error);
      });
} catch (const boost::system::system_error& error) {  // The resolver's thread can't start.
  is_looking_up_ = false;
  publish(error.code());
}

void HttpsAddresses::publish(const error_code& error) {
  error_ = error;
  for (auto* timer : waiting_) timer->cancel();
}

HttpsAddresses::List HttpsAddresses::in_order() const {
  List same, other;
  for (const auto& address : known_) {
    const bool is_same = address.protocol() == known_.front().protocol();
    (is_same ? same : other).push_back(address);
  }
  List order;
  for (std::size_t i = 0; i < std::max(same.size(), other.size()); ++i) {
    if (i < same.size()) order.push_back(same[i]);
    if (i < other.size()) order.push_back(other[i]);
  }
  const auto good = std::find(order.begin(), order.end(), last_good_);
  if (good != order.end()) std::rotate(order.begin(), good, good + 1);
  return order;
}

}  // namespace attestrd
