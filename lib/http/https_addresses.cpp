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

namespace {

/// Returns the addresses that no DNS query may change, or none.
HttpsAddresses::List fixed_addresses(const Endpoint& endpoint) {
  if (endpoint.is_address()) return {{asio::ip::make_address(endpoint.host), endpoint.port}};
  if (endpoint.host != "localhost" && !endpoint.host.ends_with(".localhost")) return {};
  return {{asio::ip::address_v4::loopback(), endpoint.port},
          {asio::ip::address_v6::loopback(), endpoint.port}};
}

}  // namespace

HttpsAddresses::HttpsAddresses(const asio::any_io_executor& executor, const Endpoint& endpoint)
    : endpoint_(endpoint), resolver_(executor) {
  order_.found(fixed_addresses(endpoint));
  is_fixed_ = !order_.is_empty();
}

asio::awaitable<boost::system::result<HttpsAddresses::List>> HttpsAddresses::find(Instant until) {
  if (is_stopped_) co_return error_code(asio::error::operation_aborted);
  const auto now = Instant::clock::now();
  if (is_fixed_) co_return order_.order(now);
  if (!order_.is_empty() && now - found_at_ < limits::kAddressesFresh) co_return order_.order(now);
  if (!is_looking_up_) look_up();
  // The race over the known addresses needs most of the time.
  const Duration left = std::chrono::duration_cast<Duration>(until - now);
  if (!order_.is_empty()) until = now + std::min(limits::kAddressesPatience, left / 4);
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
  if (!order_.is_empty()) co_return order_.order(Instant::clock::now());
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
          self->order_.found({entries.begin(), entries.end()});
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

}  // namespace attestrd
