#include "http/https_addresses.h"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string>
#include <utility>

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
  if (!is_looking_up_) look_up();
  // publish() cancels this timer, so an error of the wait means that the answer has come.
  asio::steady_timer timer(resolver_.get_executor(), until);
  waiting_.push_back(&timer);
  error_code cancelled;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  std::erase(waiting_, &timer);
  if (!cancelled) co_return error_code(asio::error::timed_out);
  co_return answer_;
}

void HttpsAddresses::stop() {
  resolver_.cancel();
  publish(error_code(asio::error::operation_aborted));
}

void HttpsAddresses::look_up() {
  is_looking_up_ = true;
  resolver_.async_resolve(
      endpoint_.host, std::to_string(endpoint_.port), tcp::resolver::numeric_service,
      [self = shared_from_this()](const error_code& error, const auto& entries) {
        self->is_looking_up_ = false;
        if (error) return self->publish(error);
        self->publish(List(entries.begin(), entries.end()));
      });
}

void HttpsAddresses::publish(boost::system::result<List> answer) {
  answer_ = std::move(answer);
  for (auto* timer : waiting_) timer->cancel();
}

}  // namespace attestrd
